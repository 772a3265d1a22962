// Ends the script of an example after 30 seconds: node deadline.mjs PID
setTimeout(() => {
  console.error('The example did not end within 30 seconds.');
  process.kill(Number(process.argv[2]));
}, 30_000);
