import ArgumentParser
import Pipelines
import Store

/// `vsdb check`.
struct CheckCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Look whether the library is what was written.",
        usage: """
            vsdb check [--read-data] [<options>]
            """,
        discussion: """
            Without --read-data the structure is checked: manifest, catalogue, every page of the \
            tensor file's trees, that each asset has its record and each pack its files. With it \
            all numbers and weights are read and compared with their checksums. Nothing changes, \
            but that the catalogue's log is written back as by every command, and others may go on \
            reading and writing. Ends with 15 if anything is wrong.

              vsdb check
              vsdb check --read-data --json
            """
    )

    @Flag(help: "Read all numbers and weights and compare their checksums.")
    var readData = false

    @OptionGroup var shared: SharedOptions

    private struct Output: Encodable {
        let isSound: Bool
        @OrNull var clips: Int?
        @OrNull var assets: Int?
        let readBytes: Int
        let problems: [Problem]
        let notes: [String]

        struct Problem: Encodable {
            let place: String
            @OrNull var clip: String?
            let description: String
        }
    }

    func run() throws {
        let path = try shared.locateLibrary()
        var found = try Library.check(
            at: path,
            readData: readData,
            waitSeconds: shared.waitSecondsOrDefault
        )
        // Packs and indexes are looked at through the catalogue.
        let files: [LibraryProblem.Place] = [.manifest, .catalog, .tensors]
        if !found.problems.contains(where: { files.contains($0.place) }) {
            let session = try shared.openSession()
            let ofPacks = try session.packProblems(readingWeights: readData)
            found.problems += ofPacks
            // Indexes are told apart by their packs.
            if ofPacks.isEmpty { found.notes += try session.indexNotes(reads: readData) }
        }
        if shared.json {
            try shared.console.print(JSONOutput.document(output(found)))
        } else {
            for problem in found.problems { try shared.console.print(problem.description) }
            for note in found.notes { shared.console.note(note) }
            let counts =
                found.isCounted
                ? "\(Wording.count(found.clipCount, "clip")), "
                    + Wording.count(found.assetCount, "asset")
                : "clips and assets cannot be counted"
            let what =
                counts + (readData ? ", \(Wording.bytes(found.readByteCount)) read" : "")
            let verdict =
                found.isSound
                ? shared.console.styled("sound", .success)
                : shared.console.styled("not sound", .error)
            try shared.console.report("\(verdict): \(what)")
        }
        guard !found.isSound else { return }
        shared.console.error(
            "library \"\(path)\": \(Wording.count(found.problems.count, "problem")); vsdb repair keeps "
                + "what is whole, and sets aside the rest"
        )
        throw ExitStatus.damaged
    }

    private func output(_ found: LibraryCheck) -> Output {
        Output(
            isSound: found.isSound,
            clips: found.isCounted ? found.clipCount : nil,
            assets: found.isCounted ? found.assetCount : nil,
            readBytes: found.readByteCount,
            problems: found.problems.map { problem in
                Output.Problem(
                    place: problem.place.word,
                    clip: problem.place.clip?.hex,
                    description: problem.description
                )
            },
            notes: found.notes
        )
    }
}

extension LibraryProblem.Place {
    /// The word for it in JSON.
    var word: String {
        switch self {
        case .manifest: "manifest"
        case .catalog: "catalog"
        case .tensors: "tensors"
        case .clip: "clip"
        case .pack: "pack"
        case .index: "index"
        }
    }

    /// The clip, if it is one.
    var clip: ClipID? {
        if case .clip(let id) = self { id } else { nil }
    }
}
