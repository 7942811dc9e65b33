package import Foundation
import SeededNumbers

/// Changes films at random, the same way for the same seed and number.
package struct FilmMutator {
    private var numbers: SplitMix

    /// Starts the changes of one input.
    ///
    /// - Parameters:
    ///   - seed: The campaign's.
    ///   - index: Which input of the campaign; inputs do not depend on each other.
    package init(seed: UInt64, index: Int) {
        numbers = SplitMix(seed: seed &+ UInt64(index) &* 0xD1B5_4A32_D192_ED03)
        for _ in 0..<2 { numbers = SplitMix(seed: numbers.next()) }
    }

    /// Numbers at which something overflows, ends or changes its sign.
    private static let extremes: [UInt64] = [
        0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x0FFF_FFFF, 0x7FFF_FFFF, 0x8000_0000,
        0xFFFF_FFFF, 0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, .max,
    ]

    /// A number below a bound.
    private mutating func below(_ bound: Int) -> Int { numbers.below(bound) }

    /// Takes one of the films and changes it once to six times.
    ///
    /// - Returns: Which film it was, and the changed bytes.
    package mutating func make(from films: [Data]) -> (film: Int, bytes: Data) {
        let film = below(films.count)
        var bytes = [UInt8](films[film])
        for _ in 0...below(6) { changeOnce(&bytes, films) }
        return (film, Data(bytes))
    }

    /// A place in a file: half of them near its start or end, where headers and indexes are.
    private mutating func place(in bytes: [UInt8]) -> Int {
        let near = min(bytes.count, 700)
        return switch below(4) {
        case 0: below(near)
        case 1: bytes.count - 1 - below(near)
        default: below(bytes.count)
        }
    }

    private mutating func changeOnce(_ bytes: inout [UInt8], _ films: [Data]) {
        guard bytes.count > 8 else {
            bytes += (0..<16).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
            return
        }
        let place = place(in: bytes)
        switch below(16) {
        case 0, 1: bytes[place] ^= 1 << UInt8(below(8))
        case 2: for _ in 0..<8 { bytes[self.place(in: bytes)] ^= 1 << UInt8(below(8)) }
        case 3: fill(&bytes, at: place, count: 1 + below(64)) { $0.randomByte() }
        case 4: zeroPage(&bytes, at: place)
        case 5, 6: overwrite(&bytes, at: place)
        case 7, 8, 9: overwrite(&bytes, at: lengthField(in: bytes) ?? place, widths: [4, 4, 8, 2])
        case 10: bytes.removeSubrange(place..<end(bytes, place, block()))
        case 11: bytes.removeSubrange(max(1, place)...)
        case 12: duplicate(&bytes, at: place)
        case 13: swapBlocks(&bytes, place)
        default: splice(&bytes, at: place, films[below(films.count)])
        }
    }

    private mutating func randomByte() -> UInt8 { UInt8(truncatingIfNeeded: numbers.next()) }

    /// The size of a block: a few bytes, or up to a few hundred.
    private mutating func block() -> Int { 1 + below(below(2) == 0 ? 16 : 600) }

    private func end(_ bytes: [UInt8], _ place: Int, _ count: Int) -> Int {
        min(bytes.count, place + count)
    }

    private mutating func fill(
        _ bytes: inout [UInt8],
        at place: Int,
        count: Int,
        _ byte: (inout FilmMutator) -> UInt8
    ) {
        for index in place..<end(bytes, place, count) { bytes[index] = byte(&self) }
    }

    /// What a disk gives for a page it lost.
    private mutating func zeroPage(_ bytes: inout [UInt8], at place: Int) {
        let page = [512, 4_096][below(2)]
        fill(&bytes, at: place / page * page, count: page) { _ in 0 }
    }

    /// Puts an extreme number over what is there, in either order of bytes.
    private mutating func overwrite(
        _ bytes: inout [UInt8],
        at place: Int,
        widths: [Int] = [1, 2, 3, 4, 8]
    ) {
        let number = Self.extremes[below(Self.extremes.count)] &+ UInt64(below(3)) &- 1
        let width = widths[below(widths.count)]
        let isBigEndian = below(2) == 0
        for index in 0..<width where place + index < bytes.count {
            let shift = 8 * (isBigEndian ? width - 1 - index : index)
            bytes[place + index] = UInt8(truncatingIfNeeded: number >> UInt64(shift))
        }
    }

    /// The four bytes before or behind a name of four letters: sizes of boxes and chunks, or the count within.
    private mutating func lengthField(in bytes: [UInt8]) -> Int? {
        func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
        for _ in 0..<8 {
            let start = place(in: bytes)
            let name = (start..<max(start, min(bytes.count - 16, start + 400))).first { place in
                place >= 4 && bytes[place..<place + 4].allSatisfy(isLetter)
            }
            guard let name else { continue }
            return name + [-4, 4, 8, 12][below(4)]
        }
        return nil
    }

    private mutating func duplicate(_ bytes: inout [UInt8], at place: Int) {
        let piece = Array(bytes[place..<end(bytes, place, block())])
        let target = self.place(in: bytes)
        for _ in 0...below(3) { bytes.insert(contentsOf: piece, at: target) }
    }

    private mutating func swapBlocks(_ bytes: inout [UInt8], _ place: Int) {
        let other = self.place(in: bytes)
        let (first, second) = (min(place, other), max(place, other))
        let count = min(block(), second - first, bytes.count - second)
        for index in 0..<count { bytes.swapAt(first + index, second + index) }
    }

    /// The start of another film in place of this one's, or a piece of it in between.
    private mutating func splice(_ bytes: inout [UInt8], at place: Int, _ other: Data) {
        if below(2) == 0 {
            let count = 1 + below(min(other.count, 1_500))
            bytes.replaceSubrange(0..<end(bytes, 0, count), with: other.prefix(count))
        } else {
            let piece = other.dropFirst(below(other.count)).prefix(block())
            bytes.replaceSubrange(place..<end(bytes, place, block()), with: piece)
        }
    }
}
