package steps;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Runs the steps of a client and prints one JSON line for each. */
public final class Steps {
  private static final int SECONDS = 12;

  /** A busy machine takes long to load an SDK. */
  private static final int CONNECT_SECONDS = 40;

  /** Identity hashes of objects and the ids of requests. */
  private static final String DIFFERENT_EACH_TIME = "(?<=@)[0-9a-f]{5,8}|\\b[0-9a-f]{8}-\\d+\\b";

  private static final ExecutorService threads =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            return thread;
          });
  private static final BufferedReader stdin = new BufferedReader(new InputStreamReader(System.in));

  private Steps() {}

  /** Prints the result of the step "connect". Returns false if the client does not connect. */
  public static boolean connect(Callable<String> action) {
    return run("connect", action, CONNECT_SECONDS);
  }

  /** Prints the result of the step. */
  public static void run(String step, Callable<String> action) {
    run(step, action, SECONDS);
  }

  private static boolean run(String step, Callable<String> action, int seconds) {
    long start = System.nanoTime();
    Future<String> result = threads.submit(action);
    try {
      print(step, true, result.get(seconds, TimeUnit.SECONDS), start);
      return true;
    } catch (ExecutionException failure) {
      print(step, false, shown(failure.getCause()), start);
    } catch (TimeoutException hangs) {
      print(step, false, "HANGS", start);
    } catch (InterruptedException stopped) {
      throw new IllegalStateException(stopped);
    }
    return false;
  }

  public static void missing(String... steps) {
    for (String step : steps) print(step, null, "not in this SDK", System.nanoTime());
  }

  /** No SDK of Java logs in: the application brings the token. */
  public static void missingLogin() {
    missing("call", "write", "write again");
  }

  /** Prints the step "wait" and goes on after a line on stdin. */
  public static void waitForLine() throws Exception {
    System.out.println("{\"step\":\"wait\"}");
    stdin.readLine();
  }

  /** The message of the exception and those of its causes that say something else. */
  public static String shown(Throwable failure) {
    StringBuilder text = new StringBuilder();
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < 6; depth++, cause = cause.getCause()) {
      String name = cause.getClass().getSimpleName();
      String message = cause.getMessage() == null ? name : name + ": " + cause.getMessage();
      if (cause.getMessage() != null && text.indexOf(cause.getMessage()) >= 0) continue;
      text.append(text.length() == 0 ? "" : " <- ").append(message);
    }
    return text.toString().replaceAll(DIFFERENT_EACH_TIME, "*");
  }

  private static void print(String step, Boolean ok, String text, long start) {
    long ms = (System.nanoTime() - start) / 1_000_000;
    System.out.printf(
        "{\"step\":%s,\"ok\":%s,\"text\":%s,\"ms\":%d}%n", quoted(step), ok, quoted(text), ms);
  }

  private static String quoted(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (char c : String.valueOf(text).toCharArray()) {
      if (c == '"' || c == '\\') out.append('\\').append(c);
      else if (c < ' ' || c > '~') out.append(String.format("\\u%04x", (int) c));
      else out.append(c);
    }
    return out.append('"').toString();
  }
}
