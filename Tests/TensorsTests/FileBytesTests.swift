import Foundation
import Glibc
import Tensors
import Testing

/// Parts of files, mapped or read.
struct FileBytesTests {
    private func withFile(_ data: Data, _ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("bytes-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try data.write(to: URL(fileURLWithPath: path))
        try body(path)
    }

    @Test func partsAreTheBytesOfTheFile() throws {
        // Larger than the parts that are read instead of mapped.
        let data = Data((0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) })
        try withFile(data) { path in
            let file = try FileBytes(path: path)
            #expect(file.count == data.count)
            for range in [0..<0, 5..<9, 0..<200_000, 4097..<199_999, 199_999..<200_000] {
                #expect(file.part(range) == data[range])
            }
            #expect(file.all() == data)
            #expect(file.part(1..<200_001) == nil && file.part(-1..<3) == nil)
            var pieces = Data()
            #expect(file.forEachPiece(of: 7..<150_000) { pieces += $0 })
            #expect(pieces == data[7..<150_000])
        }
    }

    @Test func bytesInMemoryCountFromZero() {
        let slice = Data([9, 9, 1, 2, 3]).dropFirst(2)
        let bytes = FileBytes(slice)
        #expect(bytes.count == 3)
        #expect(bytes.part(1..<3) == Data([2, 3]))
    }

    @Test func aFileThatWasShortenedHasNoSuchPart() throws {
        try withFile(Data(count: 200_000)) { path in
            let file = try FileBytes(path: path)
            #expect(truncate(path, 100_000) == 0)
            #expect(file.part(0..<200_000) == nil)
            #expect(file.part(99_999..<100_001) == nil)
            #expect(!file.forEachPiece(of: 0..<200_000) { _ in })
        }
    }

    @Test func whatIsNoFileIsRefused() throws {
        let folder = FileManager.default.temporaryDirectory.path
        func kind(_ path: String) -> FileBytes.OpenError.Kind? {
            #expect(throws: FileBytes.OpenError.self) { try FileBytes(path: path) }?.kind
        }
        #expect(kind(folder) == .notRegular && kind(folder + "/missing") == .missing)
        let loop = folder + "/loop-\(UUID().uuidString)"
        #expect(symlink(loop, loop) == 0)
        defer { unlink(loop) }
        #expect(kind(loop) == .failed)
        // A pipe without a writer would wait for ever.
        let pipe = folder + "/pipe-\(UUID().uuidString)"
        #expect(mkfifo(pipe, 0o600) == 0)
        defer { unlink(pipe) }
        #expect(throws: FileBytes.OpenError.self) { try FileBytes(path: pipe) }
    }
}
