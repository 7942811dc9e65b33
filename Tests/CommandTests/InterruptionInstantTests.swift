import Foundation
import SeededNumbers
import Testing

/// SIGINT and SIGTERM at many instants of the commands that write: what they leave is whole or not there.
struct InterruptionInstantTests {
    private enum Job: String, CaseIterable {
        case ingest, compose, render

        var arguments: [String] {
            switch self {
            case .ingest:
                ["ingest", "--json"]
                    + ["figure02_motion02", "figure03_motion03", "figure04_motion04"].map(
                        Workspace.clip
                    )
            case .compose:
                [
                    "compose", "--content", "figure00_motion00", "--motion", "figure01_motion01",
                    "--frames", "24", "--save", "saved", "-o", "film.mp4", "--sheet", "sheet.png",
                ]
            case .render: ["render", "recipe", "-o", "film.mkv"]
            }
        }
    }

    /// 24 instants: 4 for each job and signal, spread over the time that the whole job takes.
    @Test(arguments: Job.allCases, [SIGINT, SIGTERM])
    private func nothingHalfDoneIsLeft(job: Job, number: Int32) throws {
        let workspace = try Workspace.copyOfPrepared()
        if job == .render {
            try workspace.expectSuccess(
                "compose",
                "--content",
                "figure00_motion00",
                "--frames",
                "24",
                "--save",
                "recipe"
            )
        }
        let whole = try copy(of: workspace)
        let began = ContinuousClock.now
        let done = try whole.run(job.arguments)
        #expect(done.status == 0, "\(done.errors)")
        let seconds = (ContinuousClock.now - began) / .seconds(1)

        var random = SplitMix(seed: UInt64(number) &* 31 &+ UInt64(job.rawValue.utf8.count))
        for _ in 0..<4 {
            let instant = Double.random(in: 0.02..<1, using: &random) * seconds
            let trial = try copy(of: workspace)
            let running = try trial.start(job.arguments)
            usleep(UInt32(instant * 1e6))
            running.send(number)
            let result = try running.finish(by: number)
            // The job may have been faster than its instant.
            let isDone = result.status == 0
            let place = "\(job) \(number) at \(instant) s of \(seconds): \(result.errors)"
            #expect(isDone || result.status == 128 + number, "\(place)")
            try expectWhole(trial, job, result, isDone, place)
        }
    }

    private func copy(of workspace: Workspace) throws -> Workspace {
        let copy = try Workspace()
        try FileManager.default.copyItem(
            atPath: workspace.path(".vsdb"),
            toPath: copy.path(".vsdb")
        )
        return copy
    }

    private func expectWhole(
        _ workspace: Workspace,
        _ job: Job,
        _ result: RunResult,
        _ isDone: Bool,
        _ place: String
    ) throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: workspace.folder)
            .filter { $0 != ".vsdb" }
        #expect(
            files.allSatisfy { ["film.mp4", "film.mkv", "sheet.png"].contains($0) },
            "\(files) \(place)"
        )
        #expect(isDone || !files.contains("film.mkv"), "\(place)")
        // A film appears with its last frame; a stop may come between it and the sheet.
        for film in files where film.hasPrefix("film") {
            let frames = try workspace.shell("ffprobe -v error -count_frames -show_streams \(film)")
            #expect(frames.output.contains("nb_read_frames=24"), "\(place)")
        }
        let listed = try workspace.expectSuccess("list", "--json").json()
        let clips = try #require(listed as? [[String: Any]], "\(place)")
        for clip in clips { #expect((clip["assets"] as? [Any])?.count == 6, "\(place)") }
        if job == .ingest {
            let ids = Set(clips.compactMap { $0["id"] as? String })
            let reported = result.output.split(separator: "\n").compactMap { line in
                let object = try? JSONSerialization.jsonObject(with: Data(line.utf8))
                return ((object as? [String: Any])?["clip"] as? [String: Any])?["id"] as? String
            }
            #expect(ids.isSuperset(of: reported), "\(place)")
            #expect(ids.count == 2 + reported.count, "\(place)")
        }
        let status = try workspace.expectSuccess("status").output
        #expect(!status.contains("unused"), "\(place): \(status)")
        // The same job again ends as if nothing had been.
        if job == .ingest {
            try workspace.run(job.arguments)
            let again = try workspace.expectSuccess("list", "--json").json() as? [Any]
            #expect(again?.count == 5, "\(place)")
        }
    }
}
