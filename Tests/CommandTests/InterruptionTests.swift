import Foundation
import Testing

/// Ctrl-C and SIGTERM in the middle of long work.
struct InterruptionTests {
    @Test(arguments: [SIGINT, SIGTERM])
    func aStoppedRenderLeavesNoFile(number: Int32) throws {
        let workspace = try Workspace.copyOfPrepared()
        let running = try workspace.start([
            "compose", "--content", "figure00_motion00", "--frames", "2000", "--fps", "1000", "-o",
            "film.mkv", "--json",
        ])
        // The first line of progress shows that frames are on their way.
        while running.isRunning, !running.output.contains("\n") { usleep(50_000) }
        running.send(number)
        let result = try running.finish()
        #expect(result.status == 128 + number, "\(result.errors)")
        #expect(try workspace.names().isEmpty, "no film, whole or in part")
    }

    /// A handler's frame on a thread inside oneDNN's `sgemm` lands in the heap, see `Interruption`.
    @Test func noThreadThatComputesTakesASignal() throws {
        let workspace = try Workspace.copyOfPrepared()
        let running = try workspace.start([
            "compose", "--content", "figure00_motion00", "--frames", "2000", "--fps", "1000", "-o",
            "film.mkv", "--json",
        ])
        while running.isRunning, !running.output.contains("\n") { usleep(50_000) }
        let blocked = try running.blockedSignals()
        running.send(SIGTERM)
        _ = try running.finish()
        #expect(blocked.count > 2, "the main thread, the one that waits, the encoder's")
        for number in [SIGINT, SIGTERM] {
            // Linux shows a signal that a thread waits for as not blocked there.
            let takers = blocked.filter { $0 >> (number - 1) & 1 == 0 }
            #expect(takers.count == 1, "only the thread that waits for signal \(number)")
        }
    }

    @Test func aStoppedIngestKeepsWholeClips() throws {
        let workspace = try Workspace.copyOfPrepared()
        let running = try workspace.start(["ingest", Workspace.samples + "/clips", "--json"])
        while running.isRunning, !running.output.contains(#""isNew":true"#) { usleep(50_000) }
        running.send(SIGINT)
        let result = try running.finish()
        #expect(result.status == 130, "\(result.errors)")
        #expect(result.errors.contains("interrupted"))
        let reported = try result.jsonLines()
            .filter { ($0["clip"] as? [String: Any])?["isNew"] as? Bool == true }
        let clips = try #require(
            try workspace.expectSuccess("list", "--json").json() as? [[String: Any]]
        )
        #expect(clips.count == 2 + reported.count, "what was reported is there, nothing else")
        for clip in clips { #expect((clip["assets"] as? [Any])?.count == 6) }
        #expect(try workspace.expectSuccess("status").output.contains("unused") == false)
    }
}
