// The client of the lab with the Kotlin SDK: URL SCENARIO.
package kotlinlab

import io.ktor.client.HttpClient
import io.ktor.client.engine.cio.CIO
import io.ktor.client.plugins.sse.SSE
import io.ktor.client.request.header
import io.modelcontextprotocol.kotlin.sdk.client.Client
import io.modelcontextprotocol.kotlin.sdk.client.ClientOptions
import io.modelcontextprotocol.kotlin.sdk.client.StreamableHttpClientTransport
import io.modelcontextprotocol.kotlin.sdk.client.mcpStreamableHttpTransport
import io.modelcontextprotocol.kotlin.sdk.shared.RequestOptions
import io.modelcontextprotocol.kotlin.sdk.types.ClientCapabilities
import io.modelcontextprotocol.kotlin.sdk.types.CreateMessageRequest
import io.modelcontextprotocol.kotlin.sdk.types.CreateMessageResult
import io.modelcontextprotocol.kotlin.sdk.types.Implementation
import io.modelcontextprotocol.kotlin.sdk.types.Method
import io.modelcontextprotocol.kotlin.sdk.types.Role
import io.modelcontextprotocol.kotlin.sdk.types.TextContent
import io.modelcontextprotocol.kotlin.sdk.types.ToolListChangedNotification
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import kotlin.system.exitProcess
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.JsonObject
import steps.Steps

private val progressed = AtomicInteger()
private val notified = CountDownLatch(1)
private val client =
    Client(
        Implementation("lab", "1"),
        ClientOptions(ClientCapabilities(sampling = ClientCapabilities.Sampling())),
    )
private lateinit var transport: StreamableHttpClientTransport

private fun step(name: String, action: suspend () -> String) =
    Steps.run(name) { runBlocking { action() } }

private suspend fun connect(url: String): String {
    val http = HttpClient(CIO) { install(SSE) }
    val token = System.getenv("TOKEN").orEmpty()
    transport =
        http.mcpStreamableHttpTransport(url) {
            if (token.isNotEmpty()) header("Authorization", "Bearer $token")
        }
    client.setRequestHandler<CreateMessageRequest>(Method.Defined.SamplingCreateMessage) { _, _ ->
        CreateMessageResult(Role.Assistant, TextContent("sampled"), "lab")
    }
    val changed = Method.Defined.NotificationsToolsListChanged
    client.setNotificationHandler<ToolListChangedNotification>(changed) {
        notified.countDown()
        CompletableDeferred(Unit)
    }
    client.connect(transport)
    return "${client.serverVersion?.name}"
}

private suspend fun call(name: String): String {
    val count = RequestOptions(onProgress = { progressed.incrementAndGet() }, timeout = 60.seconds)
    val options = if (name == "slow") count else RequestOptions(timeout = 60.seconds)
    val result = client.callTool(name, mapOf("text" to "hello"), emptyMap(), options)
    val text = result.content.filterIsInstance<TextContent>().joinToString("") { "${it.text}" }
    check(result.isError != true) { text }
    return text
}

private suspend fun progress(): String {
    call("slow")
    Thread.sleep(100)
    return "${progressed.get()}"
}

private suspend fun notification(): String {
    call("notify")
    return if (notified.await(5, TimeUnit.SECONDS)) "arrived" else "did not arrive"
}

private fun scenario(name: String) {
    when (name) {
        "basic" -> {
            step("list") { client.listTools().tools.map { it.name }.sorted().joinToString(" ") }
            step("call") { call("echo") }
            step("progress") { progress() }
            step("sampling") { call("ask") }
            step("ping") { call("ping_me") }
        }
        "refused" -> for (step in listOf("first", "second", "third")) step(step) { call("echo") }
        "quiet" -> {
            step("listen") { "by itself" }
            Thread.sleep(70_000)
            step("notify") { notification() }
        }
        "restart" -> {
            step("before") { call("echo") }
            Steps.waitForLine()
            step("after") { call("echo") }
            step("after again") { call("echo") }
        }
        else -> error(name)
    }
    step("close") {
        transport.terminateSession()
        client.close()
        "closed"
    }
}

fun main(args: Array<String>) {
    val (url, name) = args
    if (name == "login") Steps.missingLogin()
    else if (Steps.connect { runBlocking { connect(url) } }) scenario(name)
    exitProcess(0)
}
