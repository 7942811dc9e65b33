import CheckpointFixtures
import Foundation
import Packs
import Tensors
import Testing

/// Zip archives that lie: each is refused with one line that names the file, the member and the
/// rule.
struct ZipAttackTests {
    private static let pickle = PickleBuilder.dictionary("a") {
        $0.tensor(count: 12, sizes: [12], strides: [1])
    }

    private func open(
        zip: ZipBuilder = ZipBuilder(),
        _ change: (inout [ZipBuilder.Member]) -> Void
    ) throws -> TorchArchive {
        var members = torchMembers(Self.pickle)
        change(&members)
        return try TorchArchive(path: "attack.pt", data: zip.archive(members))
    }

    private func expectRefusal(
        _ words: String,
        sourceLocation: SourceLocation = #_sourceLocation,
        _ change: (inout [ZipBuilder.Member]) -> Void
    ) {
        let error = #expect(throws: CheckpointError.self, sourceLocation: sourceLocation) {
            try open(change)
        }
        guard let text = error?.description else { return }
        #expect(text.contains("attack.pt") && text.contains(words), sourceLocation: sourceLocation)
        #expect(!text.contains("\n"), sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        ("../../etc/passwd", "leaves its folder"), ("model/../x", "leaves its folder"),
        ("model/./x", "leaves its folder"), ("/etc/passwd", "is absolute"),
        ("C:\\x", "backslash"), ("model\\..\\x", "backslash"), ("", "is empty"),
    ])
    func unsafeNamesAreRefused(name: String, words: String) {
        expectRefusal(words) { $0.append(ZipBuilder.Member(name, Data([1]))) }
    }

    @Test func aWrongChecksumIsRefused() {
        for index in 0..<4 {
            let name = torchMembers(Self.pickle)[index].name
            expectRefusal("\(name) does not match its CRC-32") { $0[index].checksum = 1 }
            expectRefusal("\(name) does not match its CRC-32") { $0[index].checksum = 0 }
        }
    }

    @Test func anArchiveThatLeavesAllChecksumsOutIsRead() throws {
        var zip = ZipBuilder()
        zip.omitsChecksums = true
        #expect(try open(zip: zip) { _ in }.names == ["a"])
    }

    @Test func compressedMembersAreRefusedAndNeverUnpacked() throws {
        // A bomb need not be a real one: nothing here unpacks anything.
        for index in 0..<4 {
            expectRefusal("is compressed or encrypted") { $0[index].method = 8 }
        }
        expectRefusal("is compressed or encrypted") {
            $0.append(ZipBuilder.Member("model/code/bomb.py", Data(count: 64)))
            $0[4].method = 8
        }
        // torch.jit.save compresses source text, which is not looked at.
        let script = try open { members in
            members.append(ZipBuilder.Member("model/constants.pkl", Data()))
            members.append(ZipBuilder.Member("model/code/long.py", Data(count: 64)))
            members[5].method = 8
        }
        #expect(script.format == .torchScript)
    }

    @Test func overlappingMembersAreRefused() {
        expectRefusal("call or store the member differently") { $0[3].offset = 0 }
        // Two names for one member, as a bomb without compression has it.
        expectRefusal("overlaps") {
            var twin = ZipBuilder.Member("model/data/1", twelveFloats)
            twin.headerName = "model/data/1"
            $0.append(twin)
            $0[2].size = UInt64(twelveFloats.count) + 40
        }
        // The last member reaches into the directory.
        expectRefusal("overlaps") { $0[3].size = 40 }
    }

    @Test func headersThatNameAnotherMemberAreRefused() {
        expectRefusal("differently") { $0[2].headerName = "model/data/9" }
        expectRefusal("occurs twice") { $0.append($0[2]) }
    }

    @Test func aSecondEndRecordIsRefused() {
        // What follows the true end is not its comment.
        let file = torchFile(Self.pickle) + Data(count: 30)
        #expect(throws: CheckpointError.self) { try TorchArchive(path: "tail.pt", data: file) }
    }

    @Test func bigEndianStoragesAreSwappedWhenRead() throws {
        var bytes = Data()
        for value in 0..<12 { bytes += littleEndian(Float(value).bitPattern).reversed() }
        for strides in [[6, 1], [1, 2]] {
            var members = torchMembers(
                PickleBuilder.dictionary("a") {
                    $0.tensor(count: 12, sizes: [2, 6], strides: strides)
                }
            )
            members[1].content = Data("big".utf8)
            members[2].content = bytes
            let archive = try TorchArchive(path: "s390.pt", data: ZipBuilder().archive(members))
            let expected = (0..<12).map { Float(($0 / 6) * strides[0] + ($0 % 6) * strides[1]) }
            #expect(archive.raw("a")?.float.scalars == expected)
        }
    }
}
