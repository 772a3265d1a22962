// The server of the lab with the Kotlin SDK: PORT.
package kotlinlab

import io.ktor.server.cio.CIO
import io.ktor.server.engine.embeddedServer
import io.modelcontextprotocol.kotlin.sdk.server.ClientConnection
import io.modelcontextprotocol.kotlin.sdk.server.Server
import io.modelcontextprotocol.kotlin.sdk.server.ServerOptions
import io.modelcontextprotocol.kotlin.sdk.server.mcpStreamableHttp
import io.modelcontextprotocol.kotlin.sdk.types.CallToolRequest
import io.modelcontextprotocol.kotlin.sdk.types.CallToolResult
import io.modelcontextprotocol.kotlin.sdk.types.CreateMessageRequest
import io.modelcontextprotocol.kotlin.sdk.types.CreateMessageRequestParams
import io.modelcontextprotocol.kotlin.sdk.types.Implementation
import io.modelcontextprotocol.kotlin.sdk.types.ProgressNotification
import io.modelcontextprotocol.kotlin.sdk.types.ProgressNotificationParams
import io.modelcontextprotocol.kotlin.sdk.types.Role
import io.modelcontextprotocol.kotlin.sdk.types.SamplingMessage
import io.modelcontextprotocol.kotlin.sdk.types.ServerCapabilities
import io.modelcontextprotocol.kotlin.sdk.types.TextContent
import kotlinx.coroutines.delay
import kotlinx.serialization.json.jsonPrimitive

private fun Server.tool(name: String, run: suspend ClientConnection.(CallToolRequest) -> String) =
    addTool(name, "a tool of the lab") { request ->
        CallToolResult(listOf(TextContent(run(request))))
    }

private suspend fun ClientConnection.slow(request: CallToolRequest): String {
    val token = request.meta?.progressToken
    for (step in 1..3) {
        delay(333)
        if (token == null) continue
        notification(ProgressNotification(ProgressNotificationParams(token, step.toDouble(), 3.0)))
    }
    return "slow"
}

private suspend fun ClientConnection.ask(): String {
    val message = SamplingMessage(Role.User, TextContent("hi"))
    val request = CreateMessageRequest(CreateMessageRequestParams(10, listOf(message)))
    return createMessage(request).content.filterIsInstance<TextContent>().joinToString { it.text }
}

private fun server(): Server {
    val tools = ServerCapabilities(tools = ServerCapabilities.Tools(listChanged = true))
    return Server(Implementation("lab", "1"), ServerOptions(tools)).apply {
        tool("echo") { it.arguments?.get("text")?.jsonPrimitive?.content.orEmpty() }
        tool("write") { "written" }
        tool("slow") { slow(it) }
        tool("ask") { ask() }
        tool("ping_me") {
            ping()
            "pong"
        }
        tool("notify") {
            sendToolListChanged()
            "notified"
        }
    }
}

fun main(args: Array<String>) {
    val web =
        embeddedServer(CIO, port = args[0].toInt(), host = "127.0.0.1") {
            mcpStreamableHttp(path = "/mcp") { server() }
        }
    web.start(wait = false)
    println("ready")
    Thread.currentThread().join()
}
