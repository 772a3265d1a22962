package modern;

import io.modelcontextprotocol.modern.McpSchema.TextContent;
import io.modelcontextprotocol.modern.client.McpClient;
import io.modelcontextprotocol.modern.client.McpSyncClient;
import io.modelcontextprotocol.modern.client.McpSyncSubscriptionListener;
import io.modelcontextprotocol.modern.client.SubscriptionEvent;
import io.modelcontextprotocol.modern.client.transport.HttpClientMcpTransport;
import io.modelcontextprotocol.modern.client.transport.McpHttpRequestCustomizer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import steps.Steps;

/** The client of the lab with the Java SDK's package for 2026-07-28: URL SCENARIO. */
public final class ModernClient {
  private static final AtomicInteger progressed = new AtomicInteger();
  private static final CountDownLatch notified = new CountDownLatch(1);
  private static McpSyncClient client;

  public static void main(String[] args) throws Exception {
    var transport = HttpClientMcpTransport.builder(args[0]);
    String token = System.getenv("TOKEN");
    if (token != null && !token.isEmpty()) {
      transport.requestCustomizer(
          McpHttpRequestCustomizer.fromSync(
              (request, headers, context) -> headers.set("Authorization", "Bearer " + token)));
    }
    if (args[1].equals("login")) {
      Steps.missingLogin();
      System.exit(0);
    }
    client =
        McpClient.sync(transport.build())
            .roundTimeout(Duration.ofSeconds(60))
            .callTimeout(Duration.ofSeconds(60))
            .build();
    if (Steps.connect(() -> "" + client.discover().supportedVersions())) scenario(args[1]);
    System.exit(0);
  }

  private static void scenario(String name) throws Exception {
    switch (name) {
      case "basic" -> {
        Steps.run("list", ModernClient::list);
        Steps.run("call", () -> call("echo"));
        Steps.run("progress", ModernClient::progress);
        Steps.missing("sampling", "ping");
      }
      case "refused" -> {
        Steps.run("first", () -> call("echo"));
        Steps.run("second", () -> call("echo"));
        Steps.run("third", () -> call("echo"));
      }
      case "quiet" -> {
        Steps.run("listen", ModernClient::listen);
        Thread.sleep(70_000);
        Steps.run("notify", ModernClient::notified);
      }
      case "restart" -> {
        Steps.run("before", () -> call("echo"));
        Steps.waitForLine();
        Steps.run("after", () -> call("echo"));
        Steps.run("after again", () -> call("echo"));
      }
      default -> throw new IllegalArgumentException(name);
    }
  }

  private static String list() {
    return client.tools().list().tools().stream()
        .map(tool -> tool.name())
        .sorted()
        .collect(Collectors.joining(" "));
  }

  private static String call(String name) {
    var tool = client.tool(name).arguments(Map.of("text", "hello"));
    if (name.equals("slow")) tool = tool.progress(notification -> progressed.incrementAndGet());
    var result = tool.call();
    StringBuilder text = new StringBuilder();
    for (var content : result.content()) {
      if (content instanceof TextContent part) text.append(part.text());
    }
    if (Boolean.TRUE.equals(result.isError())) throw new IllegalStateException(text.toString());
    return text.toString();
  }

  private static String progress() throws Exception {
    call("slow");
    Thread.sleep(100);
    return "" + progressed.get();
  }

  private static String listen() throws Exception {
    CountDownLatch open = new CountDownLatch(1);
    client
        .listen()
        .toolsChanged()
        .open(
            new McpSyncSubscriptionListener() {
              @Override
              public void onEvent(SubscriptionEvent event) {
                if (event instanceof SubscriptionEvent.ToolsListChanged) notified.countDown();
                else open.countDown();
              }

              @Override
              public void onError(Throwable failure) {
                System.err.println("listening failed: " + Steps.shown(failure));
              }
            });
    return open.await(10, TimeUnit.SECONDS) ? "open" : "no acknowledgement in 10 s";
  }

  private static String notified() throws Exception {
    call("notify");
    return notified.await(5, TimeUnit.SECONDS) ? "arrived" : "did not arrive";
  }
}
