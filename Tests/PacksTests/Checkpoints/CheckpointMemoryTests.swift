import CheckpointFixtures
import Foundation
import Packs
import Tensors
import Testing

/// A file of one gigabyte, most of it a hole: what opening and reading it takes.
@Suite(.serialized)
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

    @Test func aGigabyteIsReadInTheMemoryOfItsLargestTensor() throws {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("sparse-\(UUID().uuidString).pt").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try sparseArchive(at: path)
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        #expect((size ?? 0) >= 1 << 30)

        let start = try resetPeak()
        let clock = ContinuousClock()
        let begin = clock.now
        let file = try Checkpoint.read(path: path)
        let seconds = begin.duration(to: clock.now)
        let weights = Weights(file.tensors)
        for name in file.tensors.names {
            #expect(weights.has(name) && weights.shape(name)?.count == 2)
        }
        let opened = try bytes(of: "VmHWM:")
        for name in file.tensors.names {
            let tensor = try weights.raw(name)
            // Every page is looked at.
            let sum = stride(from: 0, to: tensor.bytes.count, by: 4096).reduce(0) {
                $0 + Int(tensor.bytes[tensor.bytes.startIndex + $1])
            }
            #expect(sum == 0)
        }
        let highest = try bytes(of: "VmHWM:")
        let mebibyte = 1 << 20
        print(
            "a file of 1 GiB in 16 tensors of 64 MiB: \((opened - start) / mebibyte) MiB and "
                + "\(seconds) to open and check, "
                + "at most \((highest - start) / mebibyte) MiB while its tensors are read"
        )
        // Other tests run meanwhile and take memory of their own; alone, opening takes about a megabyte.
        // The transposed tensor is there twice, in the file and as its copy.
        let others = 256 * mebibyte
        #expect(opened - start < others)
        #expect(highest - start < 2 * Self.tensorBytes + others)
    }

    /// Lets the peak start again from the memory that is in use now; see proc(5), clear_refs.
    private func resetPeak() throws -> Int {
        try Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"), options: [])
        return try bytes(of: "VmHWM:")
    }

    /// A number of bytes that the kernel counts for this process.
    private func bytes(of name: String) throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix(name) })
        return try #require(Int(line.filter(\.isNumber))) * 1024
    }
}
