package import Foundation
import SeededNumbers

/// Changes files at random, the same way for the same seed.
package struct Mutator {
    private var numbers: SplitMix

    /// Starts a sequence of changes.
    package init(seed: UInt64) { numbers = SplitMix(seed: seed) }

    /// Numbers at which something overflows, ends or changes its sign.
    private static let extremes: [UInt64] = [
        0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF,
        0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, .max,
    ]

    /// Pieces of which the formats are made.
    private static let words = [
        "ctorch._utils\n_rebuild_tensor_v2\n", "ctorch._utils\n_rebuild_parameter\n",
        "ccollections\nOrderedDict\n", "cbuiltins\nset\n", "ctorch\nDoubleStorage\n",
        "ctorch.storage\n_load_from_bytes\n", "ctorch.storage\nUntypedStorage\n",
        "ctorch_utils.persistence\n_reconstruct_persistent_obj\n", "c_codecs\nencode\n",
        "cos\nsystem\n", "cnumpy.core.multiarray\nscalar\n", "ctorch\nFloatStorage\n",
        "PK\u{1}\u{2}", "PK\u{3}\u{4}", "\"data_offsets\":[", "-1", "1e999", "\\u0000", "{", "]",
    ]
    /// The instructions of pickles.
    private static let instructions =
        Array("(.012BCGJKMNQRTUX]abcdehijlqrstu})".utf8) + [
            0x80, 0x81, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F, 0x90,
            0x91,
            0x92, 0x93, 0x94, 0x95, 0x96,
        ]

    /// A number below a bound.
    package mutating func below(_ bound: Int) -> Int { numbers.below(bound) }

    /// A changed copy of a file: one to four changes.
    package mutating func change(_ file: Data, others: [Data]) -> Data {
        var bytes = [UInt8](file)
        for _ in 0...below(4) { changeOnce(&bytes, others) }
        return Data(bytes)
    }

    /// A place in a file: half of them near its start or end, where the headers are.
    private mutating func place(in bytes: [UInt8]) -> Int {
        let near = min(bytes.count, 400)
        return switch below(4) {
        case 0: below(near)
        case 1: bytes.count - 1 - below(near)
        default: below(bytes.count)
        }
    }

    private mutating func changeOnce(_ bytes: inout [UInt8], _ others: [Data]) {
        guard !bytes.isEmpty else {
            bytes = [UInt8(truncatingIfNeeded: numbers.next())]
            return
        }
        let place = place(in: bytes)
        let end = min(bytes.count, place + 1 + below(32))
        switch below(11) {
        case 0: bytes[place] ^= 1 << UInt8(below(8))
        case 1: bytes[place] = UInt8(truncatingIfNeeded: numbers.next())
        case 2, 3: overwrite(&bytes, at: place)
        case 4: bytes.removeSubrange(place..<end)
        case 5: bytes.insert(contentsOf: bytes[place..<end], at: self.place(in: bytes))
        case 6: bytes.removeSubrange(place...)
        case 7: bytes[place] = Self.instructions[below(Self.instructions.count)]
        case 8: bytes.insert(Self.instructions[below(Self.instructions.count)], at: place)
        case 9: bytes.insert(contentsOf: Self.words[below(Self.words.count)].utf8, at: place)
        default:
            let other = others.isEmpty ? Data() : others[below(others.count)]
            let start = below(other.count)
            let piece = other.dropFirst(start).prefix(1 + below(64))
            bytes.replaceSubrange(place..<end, with: piece)
        }
    }

    /// Puts an extreme number of 1, 2, 4 or 8 bytes over what is there.
    private mutating func overwrite(_ bytes: inout [UInt8], at place: Int) {
        let number = Self.extremes[below(Self.extremes.count)] &+ UInt64(below(3)) &- 1
        for index in 0..<(1 << below(4)) where place + index < bytes.count {
            bytes[place + index] = UInt8(truncatingIfNeeded: number >> UInt64(8 * index))
        }
    }
}
