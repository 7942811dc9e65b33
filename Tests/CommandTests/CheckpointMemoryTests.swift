import CheckpointFixtures
import Foundation
import Testing

/// A file of one gigabyte, most of it a hole: what opening and checking it takes.
///
/// In a process of its own, for other tests take memory too.
struct CheckpointMemoryTests {
    private static let tensorCount = 16
    private static let tensorBytes = 1 << 26

    /// The CRC-32 of a storage: of 2^26 zeros, as zlib computes it.
    private static let checksum: UInt32 = 0xB2EB_30ED

    /// A torch archive whose storages were never written.
    private func sparseArchive(at path: String) throws {
        var pickle = PickleBuilder()
        pickle.code("}")
        for index in 0..<Self.tensorCount {
            let elements = Self.tensorBytes / 4
            pickle.string("layer\(index)")
            pickle.tensor(
                storage: "\(index)",
                count: elements,
                sizes: [2048, elements / 2048],
                // The first is transposed, the others lie as they are used.
                strides: index == 0 ? [1, 2048] : [elements / 2048, 1]
            )
            pickle.code("s")
        }
        try ZipBuilder().writeSparse(
            pickle.ended,
            storageCount: Self.tensorCount,
            size: Self.tensorBytes,
            checksum: Self.checksum,
            to: path
        )
    }

    @Test func aGigabyteIsCheckedInLittleMemory() throws {
        let workspace = try Workspace()
        let path = workspace.path("sparse.pt")
        try sparseArchive(at: path)
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        #expect((size ?? 0) >= 1 << 30)
        let running = try workspace.start(["weights", "inspect", "sparse.pt", "--json"])
        var peak = 0
        while running.isRunning {
            peak = max(peak, running.peakMemory ?? 0)
            usleep(2000)
        }
        let result = try running.finish()
        #expect(result.status == 0, "\(result.errors)")
        print("inspecting a file of 1 GiB: at most \(peak >> 20) MiB")
        // The program and its libraries are 60 MiB; the checksums are compared in pieces of one.
        #expect(peak > 0 && peak < 192 << 20)
    }
}
