import Foundation
import Glibc
import Store
import StoreWork
import Tensors

/// A process that works on a library and dies, for the fault tests; `store-worker --help` lists what it does.
@main
enum StoreWorker {
    private static let help = """
        store-worker TASK LIBRARY [OPTION VALUE]...

        TASK: ingest, collect, compact, migrate, backup, repair: see StoreOperation
              watch: reads all clips again and again, and says how many were whole
              churn: ingests, removes and collects again and again, with seeds from --first
              sleep: reads in one transaction for --seconds, or until SIGUSR1
              readers: says who is in LMDB's table of readers
              price: says what a commit costs, in a new library
        --at STEP ACTION   kill: die at the step; fill: fill the disk;
                           wait: the first time, for --seconds or until SIGUSR1
        --file-limit N     no file grows over N bytes
        --user N           work as another user
        --seconds S, --first SEED

        """

    static func main() {
        WakingSignal.block()
        do { try run(Array(CommandLine.arguments.dropFirst())) } catch {
            let kind = (error as? StoreError).map { "\($0.kind)" } ?? "\(type(of: error))"
            complain("error: \(kind): \(error)\n")
            exit(1)
        }
    }

    private static func run(_ arguments: [String]) throws {
        guard arguments.count >= 2, var options = WorkerOptions(arguments.dropFirst(2)) else {
            complain(help)
            exit(64)
        }
        let (task, library) = (arguments[0], arguments[1])
        try options.restrict()
        switch task {
        case "watch": try watch(library, options)
        case "churn": try churn(library, options)
        case "sleep": try sleep(library, options)
        case "readers": try sayReaders(library)
        case "price": try CommitPrice.measure(library)
        default:
            guard let operation = StoreOperation(rawValue: task) else {
                complain(help)
                exit(64)
            }
            try operation.run(
                at: library,
                onStep: { step in
                    guard step == options.step else { return }
                    try options.act(beside: library)
                },
                onClip: { say("clip \($0)") }
            )
        }
        say("done")
    }

    private static func complain(_ text: String) {
        _ = Array(text.utf8).withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    }

    private static func watch(_ path: String, _ options: WorkerOptions) throws {
        let library = try Library.open(at: path)
        var count = 0
        let end = Date().addingTimeInterval(options.seconds)
        while Date() < end {
            count += try library.atOneMoment { try wholeClips(in: $0) }
        }
        say("whole \(count)")
    }

    /// Reads every clip of a moment with its numbers, and compares them.
    private static func wholeClips(in snapshot: LibrarySnapshot) throws -> Int {
        let clips = try snapshot.clips(try snapshot.clipNumbers(named: [], or: [ClipFilter()]))
        for stored in clips {
            guard let seed = Int(stored.clip.name.dropFirst("clip-".count)) else { continue }
            let given = SyntheticClip.make(seed).assets
            for (asset, new) in zip(stored.assets, given)
            where try snapshot.tensor(asset).bytes != new.tensor.bytes {
                throw StoreError(.damaged, "the \(asset.kind.name) of clip \(seed) differs")
            }
            guard stored.assets.count == given.count else {
                throw StoreError(.damaged, "clip \(seed) lacks assets")
            }
        }
        return clips.count
    }

    /// The table: after 128 bytes of header, 64 bytes for each reader, with its process after 8.
    ///
    /// In a process that has not the library open: closing the file would give up LMDB's locks on it.
    private static func sayReaders(_ path: String) throws {
        let table = [UInt8](try Data(contentsOf: URL(filePath: path + "/tensors.lmdb/lock.mdb")))
        for start in stride(from: 128, to: table.count - 63, by: 64) {
            let reader = table[start + 8..<start + 12].reversed().reduce(0) { $0 << 8 | Int($1) }
            if reader != 0 { say("reader \(reader)") }
        }
    }

    private static func churn(_ path: String, _ options: WorkerOptions) throws {
        let library = try Library.open(at: path, waitSeconds: 60)
        let end = Date().addingTimeInterval(options.seconds)
        var seed = options.first
        while Date() < end {
            let seeds = Array(seed..<seed + 4)
            _ = try library.commit(seeds.map { SyntheticClip.make($0) })
            for seed in seeds { say("clip \(seed)") }
            // Said before it is done: a clip that is said to go may be there or not.
            say("removing \(seed)\nremoving \(seed + 1)\nremoving \(seed + 2)")
            _ = try library.remove(seeds[..<3].map { SyntheticClip.make($0).id })
            if seed % 16 == 0 { _ = try library.collectGarbage() }
            seed += 4
        }
    }

    private static func sleep(_ path: String, _ options: WorkerOptions) throws {
        let library = try Library.open(at: path)
        try library.atOneMoment { snapshot in
            let before = try wholeClips(in: snapshot)
            say("reading \(before)")
            WakingSignal.sleep(options.seconds)
            let after = try wholeClips(in: snapshot)
            guard before == after else { throw StoreError(.damaged, "the moment changed") }
        }
    }
}

/// Prints a line at once: whoever reads it knows that what it says is done, whatever follows.
func say(_ line: String) {
    _ = Array((line + "\n").utf8).withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
}
