import Foundation
import Glibc
import Store
import Tensors
import TestSupport
import Testing

/// Commands that are killed or have no room: with the shipped pack and sample clips.
@Suite(.serialized) struct CommandFaultTests {
    /// A library with two clips, a bundle of it, and an empty library.
    private static let material: Result<FastFolder, any Error> = Result {
        let folder = try FastFolder()
        let lib = ["--library", folder.path + "/full"]
        for arguments in [
            ["init", folder.path + "/full"], ["init", folder.path + "/empty"],
            ["pack", "add", samples + "/packs/paper-doll"] + lib,
            ["ingest"] + clips + lib,
            ["export", "--with-packs", "-o", folder.path + "/bundle"] + lib,
        ] {
            let (ending, child) = try Child.run("vsdb", arguments)
            try #require(ending == .exit(0), "\(arguments): \(child.errors)")
        }
        return folder
    }

    private static let samples =
        URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path + "/Samples"
    private static let clips = ["figure00_motion00", "figure01_motion01"]
        .map { samples + "/clips/\($0).mp4" }

    @Test(arguments: ["import", "ingest", "export"])
    func killedInTheMiddleOfAnySystemCall(command: String) throws {
        let trial = try Trial(command, Self.material.get().path)
        let calls = try Shim.callCount(in: trial.folder.path) { environment in
            let (ending, child) = try trial.run(environment)
            #expect(ending == .exit(0), "\(command): \(child.errors)")
        }
        let numbers = Effort.spread(max(1, Effort.kills / 30), over: calls)
        for number in numbers {
            let trial = try Trial(command, Self.material.get().path)
            var isKilled = false
            let made = try Shim.callCount(in: trial.folder.path, untilKilledAt: number) {
                variables in
                isKilled = try trial.run(variables).ending == .signal(SIGKILL)
            }
            // Clips that are ready together are one commit: a run may take fewer calls than another.
            #expect(isKilled || made < number, "\(command) at call \(number): \(made) were made")
            try trial.expectPromise("killed in call \(number)")
        }
        print("kills: vsdb \(command) in \(numbers.count) of its \(calls) calls that write")
    }

    @Test(
        .enabled(if: SmallDisk.isPossible),
        arguments: [
            ["ingest"], ["import"], ["export"], ["pack", "add"], ["index", "rebuild"], ["backup"],
        ]
    )
    func aFullDiskIsSaidAndPasses(command: [String]) throws {
        var refusals = 0
        let freeByteCounts = [0, 1 << 16, 12 << 20]
        for count in freeByteCounts {
            let disk = try SmallDisk(mebibytes: 110)
            let trial = try Trial(
                command.joined(separator: " "),
                Self.material.get().path,
                in: disk.path
            )
            try disk.fill(leaving: count)
            let (ending, child) = try trial.run([:])
            #expect(
                [.exit(0), .exit(1), .exit(3)].contains(ending),
                "\(command), \(count) bytes free: \(ending) \(child.errors)"
            )
            #expect(count > 0 || ending != .exit(0), "\(command) writes, and there is no room")
            if ending != .exit(0) {
                refusals += 1
                #expect(
                    child.errors.contains("full") && child.errors.contains("make room"),
                    "\(command), \(count) bytes free: \(child.errors)"
                )
            }
            disk.empty()
            try trial.expectPromise("\(count) bytes free")
        }
        print("full disk: vsdb \(command), \(freeByteCounts.count) tries, \(refusals) refused")
    }

    /// One command in a folder of its own.
    private struct Trial {
        let folder: Place
        private let command: String
        private let material: String

        init(_ command: String, _ material: String, in disk: String? = nil) throws {
            (self.command, self.material) = (command, material)
            folder = try Place(disk)
            let library = ["import", "ingest", "pack add"].contains(command) ? "empty" : "full"
            try FileManager.default.copyItem(
                atPath: material + "/" + library,
                toPath: folder.path + "/lib"
            )
            if command == "ingest" {
                let (ending, child) = try run("pack add")
                try #require(ending == .exit(0), "\(child.errors)")
            }
        }

        private var library: String { folder.path + "/lib" }
        private var output: String { folder.path + "/out" }

        func run(_ environment: [String: String]) throws -> (ending: Ending, child: Child) {
            try run(command, environment)
        }

        private func run(
            _ command: String,
            _ environment: [String: String] = [:]
        ) throws -> (ending: Ending, child: Child) {
            let words =
                switch command {
                case "import": ["import", material + "/bundle"]
                case "ingest": ["ingest"] + clips
                case "export": ["export", "--with-packs", "-o", output]
                case "backup": ["backup", output]
                case "pack add": ["pack", "add", samples + "/packs/paper-doll", "--name", "other"]
                default: command.split(separator: " ").map(String.init)
                }
            return try Child.run("vsdb", words + ["--library", library], environment: environment)
        }

        /// Whole clips only; done again, all of them; no half output.
        func expectPromise(_ comment: String) throws {
            try expectSound(library, comment)
            if ["export", "backup"].contains(command),
                FileManager.default.fileExists(atPath: output)
            {
                if command == "export" {
                    let (ending, child) = try Child.run(
                        "vsdb",
                        ["import", output, "--dry-run", "--library", material + "/full"]
                    )
                    #expect(ending == .exit(0), "\(command) \(comment): \(child.errors)")
                } else {
                    try expectSound(output, comment)
                }
                try FileManager.default.removeItem(atPath: output)
            }
            let (ending, child) = try run(command)
            #expect(ending == .exit(0), "\(command) \(comment), again: \(child.errors)")
            try expectSound(library, comment)
            guard command != "pack add" else { return }
            let source = try Library.open(at: material + "/full")
            let copy = try Library.open(at: library)
            for clip in try source.clips() {
                for asset in try source.assets(of: clip.id) {
                    let given = try source.tensor(asset.id).bytes
                    #expect(
                        try copy.tensor(of: clip.id, asset.kind)?.bytes == given,
                        "\(command) \(comment): the \(asset.kind.name) of \(clip.name)"
                    )
                }
            }
            _ = try copy.collectGarbage()
            #expect(try copy.status().orphans.tensorCount == 0)
        }

        private func expectSound(_ path: String, _ comment: String) throws {
            let check = try Library.check(at: path, readData: true)
            #expect(check.isSound, "\(command) \(comment): \(check.problems.map(\.description))")
        }
    }

    /// A folder that is given, or of its own.
    private final class Place {
        let path: String
        private let own: FastFolder?

        init(_ given: String?) throws {
            own = try given == nil ? FastFolder() : nil
            path = given ?? own?.path ?? ""
        }
    }
}
