import Foundation
import Hashing
import Testing

/// Expected digests: FIPS 180-4 examples (NIST, "SHA256.pdf").
@Suite struct SHA256Tests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func digestsOfTheStandard(text: String, digest: String) {
        #expect(SHA256.digest(Data(text.utf8)).hex == digest)
    }

    @Test func aMillionLettersInPiecesOfAnySize() {
        let digest = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        let letters = Data(repeating: UInt8(ascii: "a"), count: 1_000_000)
        for size in [1_000_000, 64, 63, 1000] {
            let sum = SHA256()
            var rest = letters[...]
            while !rest.isEmpty {
                sum.update(rest.prefix(size))
                rest = rest.dropFirst(size)
            }
            #expect(sum.finish().hex == digest)
        }
    }

    @Test func aFileHashesLikeItsBytes() throws {
        let path = NSTemporaryDirectory() + "hashing-tests-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        // More than one piece of 1 MiB, and no multiple of it.
        let bytes = Data((0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        try bytes.write(to: URL(fileURLWithPath: path))
        #expect(try SHA256.digest(fileAt: path) == SHA256.digest(bytes))
        #expect(throws: (any Error).self) { try SHA256.digest(fileAt: path + ".gone") }
    }
}
