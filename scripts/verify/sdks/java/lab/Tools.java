package lab;

import io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.server.McpSyncServerExchange;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.CreateMessageRequest;
import io.modelcontextprotocol.spec.McpSchema.JsonSchema;
import io.modelcontextprotocol.spec.McpSchema.ProgressNotification;
import io.modelcontextprotocol.spec.McpSchema.Role;
import io.modelcontextprotocol.spec.McpSchema.SamplingMessage;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/** The tools of a server of the session revisions: the bare SDK's and Spring AI's. */
public final class Tools {
  private Tools() {}

  public static List<SyncToolSpecification> all(Supplier<McpSyncServer> server) {
    return List.of(
        tool("echo", (exchange, request) -> "" + request.arguments().get("text")),
        tool("write", (exchange, request) -> "written"),
        tool("slow", Tools::slow),
        tool("ask", (exchange, request) -> ask(exchange)),
        tool(
            "ping_me",
            (exchange, request) -> {
              exchange.ping();
              return "pong";
            }),
        tool(
            "notify",
            (exchange, request) -> {
              server.get().notifyToolsListChanged();
              return "notified";
            }));
  }

  private static SyncToolSpecification tool(
      String name, BiFunction<McpSyncServerExchange, CallToolRequest, String> run) {
    var schema = new JsonSchema("object", Map.of(), List.of(), null, null, null);
    var tool = Tool.builder().name(name).description("a tool of the lab").inputSchema(schema);
    return SyncToolSpecification.builder()
        .tool(tool.build())
        .callHandler(
            (exchange, request) ->
                CallToolResult.builder()
                    .addTextContent(run.apply(exchange, request))
                    .isError(false)
                    .build())
        .build();
  }

  private static String slow(McpSyncServerExchange exchange, CallToolRequest request) {
    for (int step = 1; step <= 3; step++) {
      try {
        Thread.sleep(333);
      } catch (InterruptedException stopped) {
        throw new IllegalStateException(stopped);
      }
      Object token = request.progressToken();
      if (token == null) continue;
      exchange.progressNotification(
          new ProgressNotification(token, (double) step, 3.0, "step " + step, null));
    }
    return "slow";
  }

  private static String ask(McpSyncServerExchange exchange) {
    var message = new SamplingMessage(Role.USER, new TextContent("hi"));
    var request = CreateMessageRequest.builder().messages(List.of(message)).maxTokens(10).build();
    return ((TextContent) exchange.createMessage(request).content()).text();
  }
}
