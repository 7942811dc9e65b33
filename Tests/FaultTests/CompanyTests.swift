import Foundation
import Glibc
import SeededNumbers
import Store
import StoreWork
import TestSupport
import Testing

/// Several processes at one library, some of which die.
@Suite struct CompanyTests {
    private static let writerCount = 2
    private static let readerCount = 8

    @Test func writersAndReadersThatDieAtRandom() throws {
        let patient = try Patient(.ingest)
        var random = SplitMix(seed: 5)
        let end = ContinuousClock.now + .seconds(Effort.seconds)
        var seed = 1000
        var ended: [Child] = []
        var kills = 0
        func start(_ index: Int) throws -> Child {
            seed += 100_000
            let task = index < Self.writerCount ? "churn" : "watch"
            return try Child(
                "store-worker",
                [task, patient.library, "--first", "\(seed)", "--seconds", "\(Effort.seconds * 9)"]
            )
        }
        var children = try (0..<Self.writerCount + Self.readerCount).map(start)
        func keptSeeds() -> [Int] {
            let all = ended + children
            let going = Set(all.flatMap { $0.numbers(after: "removing") })
            return all.flatMap { $0.numbers(after: "clip") }.filter { !going.contains($0) }
        }
        // A slow machine gets more time: few clips would show nothing.
        let latest = end + .seconds(Effort.seconds * 7)
        while ContinuousClock.now < end || ContinuousClock.now < latest && keptSeeds().count <= 10 {
            usleep(UInt32.random(in: 20_000..<120_000, using: &random))
            let index = Int.random(in: 0..<children.count, using: &random)
            children[index].kill()
            #expect(children[index].wait() == .signal(SIGKILL), "\(children[index].errors)")
            ended.append(children[index])
            kills += 1
            children[index] = try start(index)
        }
        for child in children {
            child.kill()
            #expect(child.wait() == .signal(SIGKILL), "\(child.errors)")
        }
        let reported = (ended + children).flatMap { $0.numbers(after: "clip") }
        let kept = keptSeeds()
        #expect(kept.count > 10)
        patient.expectPromise(kept, "after \(kills) kills in company")
        print(
            "company: \(Self.writerCount) writers and \(Self.readerCount) readers for "
                + "\(Int(Effort.seconds)) s, \(kills + children.count) kills, "
                + "\(reported.count) clips reported, \(kept.count) to be kept"
        )
    }

    @Test func aReaderThatSleepsSeesItsMomentAndDiesWithoutTrace() throws {
        let patient = try Patient(.collect)
        let arguments = ["sleep", patient.library, "--seconds"]
        func readers() throws -> [Int] {
            let (ending, child) = try Child.run("store-worker", ["readers", patient.library])
            #expect(ending == .exit(0), "\(child.errors)")
            return child.numbers(after: "reader")
        }
        let sleeper = try Child("store-worker", arguments + ["100"])
        let dying = try Child("store-worker", arguments + ["100"])
        // Keeps the table of readers: whoever finds nobody else begins it anew.
        let keeper = try Child("store-worker", arguments + ["100"])
        for child in [sleeper, dying, keeper] { child.waitForOutput("reading") }
        #expect(try patient.work().ending == .exit(0))
        let seeds = Array(40..<60)
        try {
            let library = try Library.open(at: patient.library)
            for seed in seeds { _ = try library.commit([SyntheticClip.make(seed)]) }
        }()
        #expect(!sleeper.output.contains("done"), "it shall sleep through the changes")
        sleeper.wake()
        #expect(sleeper.wait() == .exit(0), "\(sleeper.errors)")
        dying.kill()
        #expect(dying.wait() == .signal(SIGKILL))
        #expect(try readers().contains(Int(dying.process)))
        #expect(try Child.run("store-worker", arguments + ["0"]).ending == .exit(0))
        #expect(try !readers().contains(Int(dying.process)), "the next that opens clears it away")
        #expect(try readers().contains(Int(keeper.process)))
        keeper.kill()
        #expect(keeper.wait() == .signal(SIGKILL))
        patient.expectPromise(seeds, "read by a sleeper")
    }

    @Test func whoeverWaitsIsToldForWhom() throws {
        let patient = try Patient(.ingest)
        let holder = try Child(
            "store-worker",
            ["ingest", patient.library, "--at", "catalogLocked", "wait", "--seconds", "100"]
        )
        holder.waitForOutput("waiting")
        let tag = ["tag", "x", "clip-1", "--library", patient.library, "--wait"]
        let (ending, child) = try Child.run("vsdb", tag + ["0.1"])
        #expect(ending == .exit(11), "\(child.errors)")
        #expect(child.errors.contains("process \(holder.process) (store-worker ingest"))
        #expect(child.errors.contains("--wait"))
        let compact = try Child.run(
            "vsdb",
            ["compact", "--library", patient.library, "--wait", "0.1"]
        )
        #expect(compact.ending == .exit(11), "\(compact.child.errors)")
        #expect(compact.child.errors.contains("process \(holder.process)"))
        // Waits long enough for the holder to wake and to finish all its groups.
        let waiting = try Child("vsdb", tag + ["60"])
        usleep(300_000)
        #expect(holder.numbers(after: "clip") == [], "it shall hold the library until it is woken")
        holder.wake()
        #expect(waiting.wait() == .exit(0), "\(waiting.errors)")
        #expect(holder.wait() == .exit(0), "\(holder.errors)")
        patient.expectPromise(holder.numbers(after: "clip"), "held while others waited")
    }

    /// Whoever writes for the first time takes back what processes that died noted, not what one is about to commit.
    @Test func aRemovalUnderWayKeepsItsNotes() throws {
        let patient = try Patient(.collect)
        let remover = try Child(
            "store-worker",
            ["collect", patient.library, "--at", "removalNoted", "wait", "--seconds", "100"]
        )
        remover.waitForOutput("waiting")
        let kept = "clip-\(StoreOperation.oldSeeds.upperBound - 1)"
        let tag = ["tag", "x", kept, "--library", patient.library, "--wait", "60"]
        let writer = try Child("vsdb", tag)
        usleep(500_000)
        remover.wake()
        #expect(remover.wait() == .exit(0), "\(remover.errors)")
        #expect(writer.wait() == .exit(0), "\(writer.errors)")
        patient.expectPromise([], "beside a first write")
    }

    /// The first that opens LMDB begins its table of readers; if it dies there, nobody may be waiting in LMDB for it.
    @Test func oneProcessAtATimeOpensTheTensors() throws {
        let patient = try Patient(.ingest)
        let reader = try {
            let tensors = patient.library + "/tensors.lmdb/data.mdb"
            let turn = try LibraryLock(alone: tensors, "hold it")
            defer { withExtendedLifetime(turn) {} }
            let reader = try Child("vsdb", ["list", "--library", patient.library])
            usleep(500_000)
            #expect(!reader.output.contains("clip-"), "it shall wait for its turn")
            return reader
        }()
        #expect(reader.wait() == .exit(0), "\(reader.errors)")
        #expect(reader.output.contains("clip-"))
    }

    @Test func anUnfinishedTableOfReadersIsRefused() throws {
        let patient = try Patient(.ingest)
        let sleeper = try Child("store-worker", ["sleep", patient.library, "--seconds", "100"])
        sleeper.waitForOutput("reading")
        // mdb.c: the newest commit, after 8 bytes and a mutex of 40; 0 until the table is finished.
        let place = URL(filePath: patient.library + "/tensors.lmdb/lock.mdb")
        let table = try FileHandle(forUpdating: place)
        try table.seek(toOffset: 48)
        try table.write(contentsOf: Data(count: 8))
        try table.close()
        let tag = ["tag", "x", "clip-1", "--library", patient.library]
        let (refusal, writer) = try Child.run("vsdb", tag)
        #expect(refusal == .exit(11), "\(writer.errors)")
        #expect(writer.errors.contains("process \(sleeper.process) (store-worker sleep"))
        #expect(writer.errors.contains("left unfinished"))
        sleeper.kill()
        #expect(sleeper.wait() == .signal(SIGKILL))
        #expect(
            try Child.run("vsdb", tag).ending == .exit(0),
            "the next that is alone begins it anew"
        )
        patient.expectPromise([], "after an unfinished table of readers")
    }

    /// Both looked at the folder before they waited for the collector.
    @Test func oneOfTwoBackupsFillsAFolder() throws {
        let patient = try Patient(.collect)
        let copy = StoreOperation.copyPath(patient.library)
        try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: false)
        let collector = try Child(
            "store-worker",
            ["collect", patient.library, "--at", "orphansFound", "wait", "--seconds", "100"]
        )
        collector.waitForOutput("waiting")
        let backups = try (0..<2).map { _ in
            try Child("vsdb", ["backup", copy, "--library", patient.library, "--wait", "60"])
        }
        usleep(500_000)
        collector.wake()
        #expect(collector.wait() == .exit(0), "\(collector.errors)")
        let endings = backups.map { $0.wait() }
        #expect(endings.filter { $0 == .exit(0) }.count == 1, "\(backups.map(\.errors))")
        let names = try FileManager.default.contentsOfDirectory(atPath: copy)
        for name in ["catalog.commits", "catalog.sqlite-wal", "index", "library.json"] {
            #expect(names.contains(name), "\(names)")
        }
        #expect(try Library.check(at: copy, readData: true).isSound)
    }

    /// As a user who may read, and as one who may not even do that.
    @Test(.enabled(if: getuid() == 0), arguments: StoreOperation.allCases)
    func foldersOfOthersStayAsTheyAre(operation: StoreOperation) throws {
        for mode in [0o755, 0o700] {
            let patient = try Patient(operation)
            try FileManager.default.setAttributes(
                [.posixPermissions: mode],
                ofItemAtPath: patient.library
            )
            let (ending, child) = try patient.work(["--user", "65534"])
            #expect(ending == .exit(1), "\(operation): \(child.output)")
            #expect(child.errors.hasPrefix("error: notWritable"), "\(operation): \(child.errors)")
            let (reading, reader) = try Child.run(
                "store-worker",
                ["watch", patient.library, "--user", "65534", "--seconds", "0.05"]
            )
            if mode == 0o755, operation != .repair {
                #expect(reading == .exit(0), "\(operation): \(reader.errors)")
            } else if mode == 0o700 {
                #expect(reading == .exit(1), "\(operation): \(reader.errors)")
            }
            patient.expectPromise([], "tried by another user")
        }
    }
}
