package lab;

import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.ClientCapabilities;
import io.modelcontextprotocol.spec.McpSchema.CreateMessageResult;
import io.modelcontextprotocol.spec.McpSchema.Role;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import steps.Steps;

/** The scenarios for a client of the session revisions: the bare SDK's and Spring AI's. */
public final class Scenarios {
  private static final AtomicInteger progressed = new AtomicInteger();
  private static final CountDownLatch notified = new CountDownLatch(1);

  private Scenarios() {}

  /** Sets the bearer, which is all that the lab needs of the transport. */
  public static void authorize(HttpClientStreamableHttpTransport.Builder builder) {
    String token = System.getenv("TOKEN");
    if (token == null || token.isEmpty()) return;
    builder.httpRequestCustomizer(
        (request, method, uri, body, context) ->
            request.setHeader("Authorization", "Bearer " + token));
  }

  /** Sets the handlers of the client. */
  public static McpClient.SyncSpec prepare(McpClient.SyncSpec spec) {
    return spec.requestTimeout(Duration.ofSeconds(60))
        .initializationTimeout(Duration.ofSeconds(60))
        .capabilities(ClientCapabilities.builder().sampling().build())
        .sampling(
            request ->
                new CreateMessageResult(
                    Role.ASSISTANT,
                    new TextContent("sampled"),
                    "lab",
                    CreateMessageResult.StopReason.END_TURN))
        .progressConsumer(notification -> progressed.incrementAndGet())
        .toolsChangeConsumer(tools -> notified.countDown());
  }

  public static void run(McpSyncClient client, String scenario) throws Exception {
    if (scenario.equals("login")) {
      Steps.missingLogin();
      return;
    }
    if (!Steps.connect(() -> client.initialize().protocolVersion())) return;
    switch (scenario) {
      case "basic" -> {
        Steps.run("list", () -> list(client));
        Steps.run("call", () -> call(client, "echo"));
        Steps.run("progress", () -> progress(client));
        Steps.run("sampling", () -> call(client, "ask"));
        Steps.run("ping", () -> call(client, "ping_me"));
      }
      case "refused" -> {
        Steps.run("first", () -> call(client, "echo"));
        Steps.run("second", () -> call(client, "echo"));
        Steps.run("third", () -> call(client, "echo"));
      }
      case "quiet" -> {
        Steps.run("listen", () -> "by itself");
        Thread.sleep(70_000);
        Steps.run("notify", () -> notified(client));
      }
      case "restart" -> {
        Steps.run("before", () -> call(client, "echo"));
        Steps.waitForLine();
        Steps.run("after", () -> call(client, "echo"));
        Steps.run("after again", () -> call(client, "echo"));
      }
      default -> throw new IllegalArgumentException(scenario);
    }
    Steps.run("close", () -> "" + client.closeGracefully());
  }

  private static String list(McpSyncClient client) {
    return client.listTools().tools().stream()
        .map(tool -> tool.name())
        .sorted()
        .collect(Collectors.joining(" "));
  }

  private static String call(McpSyncClient client, String name) {
    var request = CallToolRequest.builder().name(name).arguments(Map.of("text", "hello"));
    if (name.equals("slow")) request.progressToken("progress");
    var result = client.callTool(request.build());
    StringBuilder text = new StringBuilder();
    for (var content : result.content()) {
      if (content instanceof TextContent part) text.append(part.text());
    }
    if (Boolean.TRUE.equals(result.isError())) throw new IllegalStateException(text.toString());
    return text.toString();
  }

  private static String progress(McpSyncClient client) throws Exception {
    call(client, "slow");
    Thread.sleep(100);
    return "" + progressed.get();
  }

  private static String notified(McpSyncClient client) throws Exception {
    call(client, "notify");
    return notified.await(5, TimeUnit.SECONDS) ? "arrived" : "did not arrive";
  }
}
