import Foundation
import Glibc
import Store
import StoreWork
import TestSupport
import Testing

/// A disk without room: an error that says so, the promise, and all works again when there is room.
@Suite struct FullDiskTests {
    private static let freeByteCounts = [0, 4096, 1 << 16, 1 << 18, 1 << 20, 9 << 20]

    @Test(.enabled(if: SmallDisk.isPossible), arguments: StoreOperation.allCases)
    func fullBefore(operation: StoreOperation) throws {
        var refusals = 0
        for count in Self.freeByteCounts {
            let disk = try SmallDisk(mebibytes: 24)
            let patient = try Patient(operation, in: disk.path)
            try disk.fill(leaving: count)
            let (ending, child) = try patient.work()
            refusals += try expectRefusal(ending, child, "\(operation), \(count) bytes free")
            #expect(count > 0 || ending == .exit(1), "\(operation) writes, and there is no room")
            disk.empty()
            patient.expectPromise(child.numbers(after: "clip"), "\(count) bytes free")
        }
        print("full disk: \(operation), \(Self.freeByteCounts.count) tries, \(refusals) refused")
    }

    @Test(.enabled(if: SmallDisk.isPossible), arguments: StoreOperation.allCases)
    func fullInTheMiddle(operation: StoreOperation) throws {
        var refusals = 0
        for step in operation.steps {
            let disk = try SmallDisk(mebibytes: 24)
            let patient = try Patient(operation, in: disk.path)
            let (ending, child) = try patient.work(["--at", step, "fill"])
            refusals += try expectRefusal(ending, child, "\(operation), full at \(step)")
            // What was reported can be read while the disk is full, too.
            if operation == .ingest, let seed = child.numbers(after: "clip").last {
                let library = try Library.open(at: patient.library)
                #expect(try SyntheticClip.fault(seed, in: library) == nil)
            }
            disk.empty()
            patient.expectPromise(child.numbers(after: "clip"), "full at \(step)")
        }
        // What a collector still has to write fits into files that are there.
        #expect(refusals > 0 || operation == .collect, "\(operation) is never refused")
        print("full disk: \(operation), at \(operation.steps.count) steps, \(refusals) refused")
    }

    /// SQLite and LMDB want to make files of their own in any library that was closed.
    @Test(.enabled(if: SmallDisk.isPossible), arguments: [0, 4, 16, 32, 36, 40, 48, 64, 80])
    func aClosedLibraryIsReadOnAFullDisk(kibibytes: Int) throws {
        let disk = try SmallDisk(mebibytes: 24)
        let patient = try Patient(.ingest, in: disk.path)
        for name in ["catalog.sqlite-shm", "tensors.lmdb/lock.mdb"] {
            try? FileManager.default.removeItem(atPath: patient.library + "/" + name)
        }
        try disk.fill(leaving: kibibytes << 10)
        for arguments in [["list"], ["show", "clip-1"], ["gc", "--dry-run"], ["status"]] {
            let (ending, child) = try Child.run(
                "vsdb",
                arguments + ["--library", patient.library]
            )
            #expect(ending == .exit(0), "\(arguments), \(kibibytes) KiB: \(child.errors)")
        }
        let (ending, child) = try Child.run(
            "vsdb",
            ["tag", "x", "clip-1", "--library", patient.library]
        )
        #expect(ending == .exit(0) || ending == .exit(1), "\(ending) \(child.errors)")
        if ending == .exit(1) { #expect(child.errors.contains("full"), "\(child.errors)") }
        disk.empty()
        patient.expectPromise([], "\(kibibytes) KiB free")
    }

    /// Where no disk can be made: files that must not grow, as by `ulimit -f`.
    @Test(arguments: StoreOperation.allCases)
    func filesThatMustNotGrow(operation: StoreOperation) throws {
        let limits = [0, 1000, 4096, 40_000, 100_000, 150_000, 200_000, 250_000, 300_000, 400_000]
        var refusals = 0
        for limit in limits {
            let patient = try Patient(operation)
            let (ending, child) = try patient.work(["--file-limit", String(limit)])
            #expect([.exit(0), .exit(1)].contains(ending), "\(limit): \(ending) \(child.errors)")
            #expect(limit > 0 || ending == .exit(1), "\(operation) writes, and no file may grow")
            if ending == .exit(1) {
                refusals += 1
                // Where no file may have a byte, the words of the error have no place either.
                let isSaid = ["error: failed: ", "error: noSpace: "]
                    .contains { child.errors.hasPrefix($0) }
                #expect(isSaid || limit == 0, "\(operation), \(limit): \(child.errors)")
            }
            patient.expectPromise(child.numbers(after: "clip"), "files of up to \(limit) bytes")
        }
        print("file limits: \(operation), \(limits.count) tries, \(refusals) refused")
    }

    /// Expects that nothing went wrong, or an error about the disk.
    private func expectRefusal(
        _ ending: Ending,
        _ child: Child,
        _ comment: String
    ) throws -> Int {
        #expect([.exit(0), .exit(1)].contains(ending), "\(comment): \(ending) \(child.errors)")
        guard ending == .exit(1) else { return 0 }
        #expect(child.errors.hasPrefix("error: noSpace: "), "\(comment): \(child.errors)")
        #expect(child.errors.contains("make room"), "\(comment): \(child.errors)")
        return 1
    }
}
