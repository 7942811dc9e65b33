import Compression
import Foundation
import Testing

/// Unpacking gzip files, sound and damaged.
struct GzipTests {
    /// 300 lines, made by Python's `gzip.compress` at level 9: dynamic codes.
    private static let dynamic = """
        H4sIAAAAAAACA+2XMa4CMQxEe06RI5BkN8keB8F+gUCAxBYcHzjBm8L61XQprDi2x47f7XJf0z49/tJ2XtO2vrfv4bC\
        lyys9D8fretrdfhYZLSa0WNhLQ5Myo0nlWyZ+S+OABmelckDsZ+po0gs74sdyPI1vWYQKcVq6oEl+y8yOFkEtgraFBhH\
        ewo5mzsvgKnKJCmtusKOZAypcxSF0q9CKHHTmWwbLpQmK4tRVzksWKs2aY1kOzlznEnXhlhpiEvJcIWghdS2iiIIUBEE\
        JshTEnUMaTWhXoemF0SEMIGGMCcNQGKkjYrgLX4Ty0eSQT69FfMDCNy4sA8JKISwmLWRJKhHrmrD0CatjjVhihVVYWKh\
        ryHIvIMISwCqcFDOTmcnMZGYyM5mZzExmJjOTmcnMZGYyM5mZzExmJjOTmcnMZGYyM5mZzExmJjOTmcnM9B/M9AFY2a+\
        60ygAAA==
        """
    /// `abcabcabcabc`: fixed codes.
    private static let fixed = "H4sIAAAAAAACA0tMSk6EIQA0Km5aDAAAAA=="

    private static var dynamicText: Data {
        Data((0..<300).map { "line \($0 * $0 % 97) of the text that is packed\n" }.joined().utf8)
    }

    private func bytes(_ text: String) throws -> Data {
        try #require(Data(base64Encoded: text.replacingOccurrences(of: "\n", with: "")))
    }

    @Test func bothKindsOfCodesAreUnpacked() throws {
        #expect(try Gzip.inflate(bytes(Self.fixed), limit: 100) == Data("abcabcabcabc".utf8))
        #expect(try Gzip.inflate(bytes(Self.dynamic), limit: 1 << 20) == Self.dynamicText)
    }

    @Test func everyTruncationIsRefused() throws {
        let whole = try bytes(Self.dynamic)
        for count in 3..<whole.count {
            #expect(throws: GzipError.self) {
                try Gzip.inflate(whole.prefix(count), limit: 1 << 20)
            }
        }
    }

    @Test func aFlippedBitNeverGivesOtherBytes() throws {
        let whole = try bytes(Self.dynamic)
        for index in 10..<whole.count {
            var damaged = whole
            damaged[index] ^= 1 << (index % 8)
            // The bits between the last code word and the check sum mean nothing.
            let unpacked = try? Gzip.inflate(damaged, limit: 1 << 20)
            #expect(unpacked == nil || unpacked == Self.dynamicText, "byte \(index)")
        }
    }

    @Test func aBombStopsAtTheLimit() throws {
        #expect(throws: GzipError.self) { try Gzip.inflate(bytes(Self.dynamic), limit: 1000) }
    }
}
