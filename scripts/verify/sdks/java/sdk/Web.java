package sdk;

import jakarta.servlet.http.HttpServlet;
import java.nio.file.Files;
import org.apache.catalina.startup.Tomcat;

/** Serves a servlet of the SDK on loopback. */
public final class Web {
  private Web() {}

  public static void serve(HttpServlet servlet, String port) throws Exception {
    Tomcat tomcat = new Tomcat();
    tomcat.setBaseDir(Files.createTempDirectory("lab-tomcat-").toString());
    tomcat.setPort(Integer.parseInt(port));
    tomcat.getConnector().setProperty("address", "127.0.0.1");
    var context = tomcat.addContext("", null);
    Tomcat.addServlet(context, "mcp", servlet).setAsyncSupported(true);
    context.addServletMappingDecoded("/*", "mcp");
    tomcat.start();
    System.out.println("ready");
    tomcat.getServer().await();
  }
}
