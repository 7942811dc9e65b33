import CheckpointFixtures
import Foundation
import Packs
import Tensors
import Testing

/// Files that lie: each is refused with an error, or read without doing what it asks for.
struct TorchArchiveAttackTests {
    private func open(_ pickle: Data, zip: ZipBuilder = ZipBuilder()) throws -> TorchArchive {
        try TorchArchive(path: "attack.pt", data: torchFile(pickle, zip: zip))
    }

    private func refuses(
        _ body: (inout PickleBuilder) -> Void,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(throws: CheckpointError.self, sourceLocation: sourceLocation) {
            try open(PickleBuilder.dictionary("a", body))
        }
    }

    private let sound = PickleBuilder.dictionary("a") {
        $0.tensor(count: 12, sizes: [12], strides: [1])
    }

    @Test(arguments: [
        // Beyond the storage, by size, by offset, by stride.
        (12, 0, [13], [1]), (12, 1, [12], [1]), (12, 0, [2, 2], [11, 1]), (12, 13, [0], [1]),
        (12, 12, [], []),
        // A storage that claims more than its member has.
        (13, 0, [1], [1]), (Int.max, 0, [1], [1]), (-1, 0, [1], [1]),
        // Negative numbers.
        (12, -1, [1], [1]), (12, 0, [-1], [1]), (12, 4, [4], [-1]), (12, 0, [-2, -2], [1, 1]),
        // Sizes whose product or reach overflows; the last would repeat one element 2^40 times.
        (12, 0, [Int.max, Int.max], [1, 1]), (12, 0, [4], [Int.max]), (12, Int.max, [2], [1]),
        (12, 0, [1 << 32, 1 << 32], [0, 0]), (12, 0, [1 << 40], [0]),
        // Sizes and strides that do not belong together.
        (12, 0, [2, 2], [1]),
        (12, 0, [Int](repeating: 1, count: 40), [Int](repeating: 1, count: 40)),
    ])
    func tensorsOutsideTheirStorageAreRefused(
        count: Int,
        offset: Int,
        sizes: [Int],
        strides: [Int]
    ) {
        refuses { $0.tensor(count: count, offset: offset, sizes: sizes, strides: strides) }
    }

    @Test func missingAndForeignStoragesAreRefused() throws {
        refuses { $0.tensor(storage: "1", count: 1, sizes: [1], strides: [1]) }
        refuses { $0.tensor(storage: "../version", count: 1, sizes: [1], strides: [1]) }
        // Complex numbers are left out, not misread.
        let complex = PickleBuilder.dictionary("a") {
            $0.tensor(type: "ComplexFloatStorage", count: 6, sizes: [6], strides: [1])
        }
        #expect(try open(complex).names.isEmpty)
    }

    @Test func brokenPicklesAreRefused() {
        let fragments: [[UInt8]] = [
            // No end, no value, unknown instruction, unknown protocol.
            [0x80, 2], [0x80, 2, 0x2E], [0x80, 2, 0xFF, 0x2E], [0x80, 99, 0x4E, 0x2E], [],
            // Stack and marks that are empty; a memo that was never set.
            [0x80, 2, 0x30], [0x80, 2, 0x74], [0x80, 2, 0x52], [0x80, 2, 0x68, 7], [0x80, 2, 0x87],
            [0x80, 2, 0x28, 0x52], [0x80, 2, 0x4E, 0x28, 0x62], [0x80, 2, 0x51],
            // Entries and elements for a number; an odd count of entries; a call of a number.
            [0x80, 2, 0x4B, 1, 0x4B, 1, 0x61], [0x80, 2, 0x4B, 1, 0x4B, 1, 0x4B, 1, 0x73],
            [0x80, 2, 0x7D, 0x28, 0x4B, 1, 0x75], [0x80, 2, 0x4B, 1, 0x29, 0x52],
            // Texts that claim more than there is.
            [0x80, 2, 0x58, 0xFF, 0xFF, 0xFF, 0xFF, 0x2E], [0x80, 2, 0x8B, 0xFF, 0xFF, 0xFF, 0xFF],
            [0x80, 4, 0x8D, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x2E],
            [0x80, 2, 0x63, 0x61, 0x62],
        ]
        for fragment in fragments {
            #expect(throws: CheckpointError.self, "\(fragment)") { try open(Data(fragment)) }
        }
    }

    @Test func deepCyclicAndMultiplyingValuesAreRefused() {
        // A list in a list in a list, a million times.
        refuses { pickle in
            for _ in 0..<1_000_000 { pickle.code("]") }
            for _ in 1..<1_000_000 { pickle.code("a") }
        }
        // Tuples in the same way, which need no growing.
        refuses { pickle in
            pickle.code(")")
            for _ in 0..<1_000_000 { pickle.raw([0x85]) }
        }
        // A list that contains itself.
        refuses { pickle in
            pickle.code("]")
            pickle.raw([UInt8(ascii: "q"), 0])
            pickle.raw([UInt8(ascii: "h"), 0])
            pickle.code("a")
        }
        // Forty levels, each the level below twice: 2^40 values in 200 bytes.
        refuses { pickle in
            pickle.code("]")
            for _ in 0..<40 {
                pickle.code("2")
                pickle.raw([0x86])
            }
        }
    }

    @Test func twoTensorsOfOneNameAreRefused() {
        var pickle = PickleBuilder()
        pickle.code("}")
        for _ in 0..<2 {
            pickle.string("a")
            pickle.tensor(count: 12, sizes: [1], strides: [1])
            pickle.code("s")
        }
        pickle.code(".")
        #expect(throws: CheckpointError.self) { try open(Data(pickle.bytes)) }
    }

    @Test func zipArchivesThatLieAreRefused() {
        let liars = [
            ZipBuilder(method: 8), ZipBuilder(flags: 1), ZipBuilder(directoryOffset: 1 << 31),
            ZipBuilder(directoryOffset: 0), ZipBuilder(excessSize: 1 << 20),
            ZipBuilder(isZip64: true, directoryOffset: .max),
            ZipBuilder(isZip64: true, directoryOffset: UInt64(Int.max)),
            ZipBuilder(isZip64: true, excessSize: .max / 2),
            ZipBuilder(isZip64: true, excessSize: .max),
        ]
        for liar in liars {
            #expect(throws: CheckpointError.self, "\(liar)") { try open(sound, zip: liar) }
        }
        let twice = ZipBuilder().archive([("data.pkl", sound), ("data.pkl", sound)])
        let big = ZipBuilder().archive([("data.pkl", sound), ("byteorder", Data("mixed".utf8))])
        let none = ZipBuilder().archive([("code.py", Data("import os".utf8))])
        for file in [twice, big, none] {
            #expect(throws: CheckpointError.self) {
                try TorchArchive(path: "attack.pt", data: file)
            }
        }
    }

    @Test(arguments: [false, true])
    func everyTruncationIsRefused(isZip64: Bool) {
        let file = torchFile(sound, zip: ZipBuilder(isZip64: isZip64))
        for length in 0..<file.count {
            #expect(throws: CheckpointError.self, "\(length) bytes") {
                try TorchArchive(path: "attack.pt", data: file.prefix(length))
            }
        }
    }
}
