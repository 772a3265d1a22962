package spring;

import io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.server.McpSyncServer;
import java.util.List;
import java.util.Map;
import lab.Tools;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;

/** The server of the lab with Spring AI's WebMvc starter: PORT. */
@EnableAutoConfiguration
public class SpringServer {
  @Bean
  List<SyncToolSpecification> tools(ObjectProvider<McpSyncServer> server) {
    return Tools.all(server::getObject);
  }

  public static void main(String[] args) {
    SpringApplication application = new SpringApplication(SpringServer.class);
    application.setDefaultProperties(
        Map.of(
            "server.port", args[0],
            "server.address", "127.0.0.1",
            "spring.ai.mcp.server.protocol", "STREAMABLE",
            "spring.ai.mcp.server.name", "lab",
            "spring.ai.mcp.server.request-timeout", "8s",
            "spring.main.banner-mode", "off",
            "logging.threshold.console", "off"));
    application.run();
    System.out.println("ready");
  }
}
