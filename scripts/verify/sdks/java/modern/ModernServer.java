package modern;

import io.modelcontextprotocol.modern.McpSchema.CallToolOutcome;
import io.modelcontextprotocol.modern.McpSchema.CallToolRequest;
import io.modelcontextprotocol.modern.McpSchema.CallToolResult;
import io.modelcontextprotocol.modern.McpSchema.Implementation;
import io.modelcontextprotocol.modern.McpSchema.TextContent;
import io.modelcontextprotocol.modern.McpSchema.Tool;
import io.modelcontextprotocol.modern.server.McpRequestContext;
import io.modelcontextprotocol.modern.server.McpServer;
import io.modelcontextprotocol.modern.server.McpSyncNotifier;
import io.modelcontextprotocol.modern.server.McpSyncResponse;
import io.modelcontextprotocol.modern.server.feature.McpChangeFeed;
import io.modelcontextprotocol.modern.server.feature.McpSyncTool;
import io.modelcontextprotocol.modern.server.feature.McpSyncToolRepository;
import io.modelcontextprotocol.modern.server.feature.ServerChange;
import io.modelcontextprotocol.modern.server.feature.ToolsFeature;
import io.modelcontextprotocol.modern.server.feature.ToolsPage;
import io.modelcontextprotocol.modern.server.transport.HttpServletMcpTransport;
import java.util.List;
import java.util.Map;
import sdk.Web;

/** The server of the lab with the Java SDK's package for 2026-07-28: PORT. */
public final class ModernServer {
  private static final McpChangeFeed changes = new McpChangeFeed();

  /** The revision has no session: a server cannot ask or ping its client outside a call. */
  private static final Map<String, McpSyncTool> tools =
      Map.of(
          "echo", tool("echo", ModernServer::echo),
          "write", tool("write", (c, r) -> McpSyncResponse.result(text("written"))),
          "slow", tool("slow", (c, r) -> McpSyncResponse.streaming(ModernServer::slow)),
          "notify", tool("notify", ModernServer::change));

  public static void main(String[] args) throws Exception {
    var server =
        McpServer.builder()
            .serverInfo(Implementation.builder("lab", "1").build())
            .feature(ToolsFeature.ofSync(new Repository()))
            .subscriptions(changes)
            .build();
    Web.serve(HttpServletMcpTransport.builder(server).endpoint("/mcp").build(), args[0]);
  }

  private static final class Repository implements McpSyncToolRepository {
    @Override
    public ToolsPage list(McpRequestContext context, String cursor) {
      return ToolsPage.of(tools.values().stream().map(McpSyncTool::definition).toList());
    }

    @Override
    public McpSyncTool find(McpRequestContext context, String name) {
      return tools.get(name);
    }
  }

  private static McpSyncTool tool(String name, McpSyncTool.Handler handler) {
    Map<String, Object> schema = Map.of("type", "object", "properties", Map.of());
    var tool = Tool.builder(name, schema).description("a tool of the lab").build();
    return McpSyncTool.of(tool, handler);
  }

  private static CallToolOutcome text(String text) {
    return new CallToolResult.Builder().content(List.of(TextContent.builder(text).build())).build();
  }

  private static McpSyncResponse<CallToolOutcome> echo(McpRequestContext c, CallToolRequest r) {
    return McpSyncResponse.result(text("" + r.arguments().get("text")));
  }

  private static McpSyncResponse<CallToolOutcome> change(McpRequestContext c, CallToolRequest r) {
    changes.broadcast(new ServerChange.ToolsListChanged());
    return McpSyncResponse.result(text("notified"));
  }

  private static CallToolOutcome slow(McpSyncNotifier notifier) {
    for (int step = 1; step <= 3; step++) {
      try {
        Thread.sleep(333);
      } catch (InterruptedException stopped) {
        throw new IllegalStateException(stopped);
      }
      notifier.progress(step, 3.0, "step " + step);
    }
    return text("slow");
  }
}
