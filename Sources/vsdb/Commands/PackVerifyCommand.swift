import ArgumentParser
import Foundation
import Packs
import Pipelines
import Store

/// `vsdb pack verify`.
struct PackVerifyCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check a pack's files against their hashes and build every network once.",
        usage: """
            vsdb pack verify [<pack>] [<options>]
            """,
        discussion: """
            Without a name all packs of the library are checked. A folder needs no library; with \
            a slash in it, as in ./faces, it is never taken for a name.

              vsdb pack verify
              vsdb pack verify paper-doll
              vsdb pack verify ./faces-pack
            """
    )

    @Argument(
        help: ArgumentHelp(
            "The name, the beginning of the fingerprint, or a folder with pack.json.",
            valueName: "pack"
        )
    )
    var name: String?

    @OptionGroup var shared: SharedOptions

    private struct Output: Encodable {
        let name: String
        let isSound: Bool
        @OrNull var problem: String?
    }

    /// What is to be checked: what to call it, and how it is found.
    private struct Candidate {
        let name: String
        let pack: () throws -> Pack
    }

    func run() throws {
        let candidates = try candidates()
        if candidates.isEmpty {
            shared.console.note("no packs yet; add one with vsdb pack add DIR")
        }
        var worst = ExitStatus.done
        var outputs: [Output] = []
        for candidate in candidates {
            var problem: String?
            do {
                _ = try candidate.pack().verify()
            } catch {
                worst = ExitStatus(of: error)
                problem = ExitStatus.message(of: error)
            }
            outputs.append(Output(name: candidate.name, isSound: problem == nil, problem: problem))
            if let problem { shared.console.error(problem) }
            if !shared.json {
                let word =
                    problem == nil
                    ? shared.console.styled("sound", .success)
                    : shared.console.styled("not sound", .error)
                try shared.console.print("\(candidate.name)  \(word)")
            }
        }
        if shared.json { try shared.console.print(JSONOutput.document(outputs)) }
        if worst != .done { throw worst }
    }

    private func candidates() throws -> [Candidate] {
        var isFolder: ObjCBool = false
        if let name, FileManager.default.fileExists(atPath: name, isDirectory: &isFolder),
            isFolder.boolValue
        {
            let folder = Candidate(name: name) { try Pack(folder: name) }
            if name.contains("/") { return [folder] }
            do {
                return try recorded(name)
            } catch let error as StoreError
                where error.kind == .noLibrary || error.kind == .unknownReference
            {
                return [folder]
            }
        }
        return try recorded(name)
    }

    /// A pack of the library, or all.
    private func recorded(_ name: String?) throws -> [Candidate] {
        let session = try shared.openSession()
        let records =
            try name.map { [try session.library.pack(named: $0)] } ?? session.library.packs()
        return records.map { record in
            Candidate(name: record.name) { try session.pack(record.name).pack }
        }
    }
}
