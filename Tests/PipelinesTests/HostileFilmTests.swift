import Foundation
import Media
import MediaFuzzing
import Pipelines
import TestSupport
import Testing

/// Changed films through what `vsdb ingest` reads; `make fuzz-media` does the same for longer.
struct HostileFilmTests {
    private let folder = NSTemporaryDirectory() + "/vsdb-hostile-" + UUID().uuidString

    @Test func twoThousandChangedFilmsAreReadOrRefused() throws {
        let program = URL(filePath: try builtProgram("fuzz-media"))
        let campaign = try FilmCampaign(program: program, folder: folder, seed: 20_260_301)
        for film in campaign.films {
            #expect(try FilmTrial.read(film, index: 0) == .whole, "\(film)")
        }
        let counts = campaign.run(0..<2_000)
        print(counts)
        #expect(counts.total == 2_000)
        #expect(counts.findings.map(\.description) == [])
        let read = (counts.outcomes["whole"] ?? 0) + (counts.outcomes["damaged"] ?? 0)
        #expect(read > 300, "changes that nobody looks behind find nothing")
        // Findings stay, with their folder.
        if counts.findings.isEmpty { try FileManager.default.removeItem(atPath: folder) }
    }

    /// Programs that do what is looked for: without them no test of the campaign could fail.
    @Test(arguments: [
        ("kill -SEGV $$", "signal 11"), ("exec sleep 60", "longer than"), ("exit 3", "status 3"),
        ("echo 1 whole 5 9999999", "9765 MiB"),
    ])
    func aCampaignNoticesAndKeeps(deed: String, reason: String) throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        // The first input is read, the second is not; what follows goes well.
        let text = """
            for ((index = $4; index < $5; index++)); do
              if ((index == 1)); then \(deed); continue; fi
              echo $index whole 5 1000
            done
            """
        // Short only where a wait is looked for: a busy machine may take long to start a shell.
        let campaign = try campaign(of: text, timeLimit: deed.contains("sleep") ? 2 : 10)
        let counts = campaign.run(0..<20)
        #expect(counts.total == 20)
        let finding = try #require(counts.findings.first)
        #expect(counts.findings.count == 1 && finding.index == 1)
        #expect(finding.reason.contains(reason) && finding.reason.contains("seed 7"))
        let kept = try Data(contentsOf: URL(filePath: finding.path))
        let again = try FilmTrial(films: campaign.films, folder: folder, seed: 7).input(1)
        #expect(kept == again.bytes)
    }

    @Test func aCampaignNoticesAnEndBehindTheLastInput() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let text =
            "for ((index = $4; index < $5; index++)); do echo $index whole 5 1000; done; exit 3"
        let counts = try campaign(of: text, timeLimit: 10).run(0..<20)
        #expect(counts.total == 20 && counts.outcomes == ["whole": 20])
        let finding = try #require(counts.findings.first)
        #expect(counts.findings.count == 1 && finding.index == 19)
        #expect(finding.reason.contains("status 3"))
    }

    /// A campaign whose processes run a script of bash.
    private func campaign(of text: String, timeLimit: Double) throws -> FilmCampaign {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let script = folder + "/script"
        try Data("#!/bin/bash\n\(text)\n".utf8).write(to: URL(filePath: script))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
        return try FilmCampaign(
            program: URL(filePath: script),
            folder: folder,
            seed: 7,
            films: [script],  // any bytes do
            timeLimit: timeLimit
        )
    }

    @Test func timesFarApartMakeNoMoreClipsThanFrames() {
        let times = [0, 0.04, 1e9, 1e9 + 0.04, 1e12, 1e15, 1e300]
        let plans = ClipPlan.clips(
            times: times,
            end: 1e300,
            range: 0..<Double.infinity,
            pieceSeconds: 2,
            observedCount: 4
        )
        #expect(plans.count <= times.count && plans.count >= 4)
        #expect(plans.first?.observed == [0, 0.04])
        for plan in plans { #expect(plan.observed.allSatisfy { plan.start <= $0 + 0.001 }) }
    }

    @Test func sizesThatAreOnlyAnnouncedCostNothing() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = folder + "/giant.gif"
        // 65,535 squared, one colour, and one byte of a picture.
        var bytes = Data("GIF89a".utf8) + [255, 255, 255, 255, 0x80, 0, 0, 0, 0, 0, 255, 255, 255]
        bytes += [0x2C, 0, 0, 0, 0, 255, 255, 255, 255, 0, 2, 1, 0x44, 0, 0x3B]
        try bytes.write(to: URL(filePath: path))
        #expect(throws: MediaError.self) { try VideoReader(path: path) }
    }
}
