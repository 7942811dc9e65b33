internal import COpenSSL
public import Foundation

/// SHA-256 as a running sum, by OpenSSL, which uses the processor's SHA instructions.
public final class SHA256 {
    /// The digest, 32 bytes.
    public struct Digest: Sendable, Hashable {
        /// The bytes.
        public let bytes: [UInt8]
        /// 64 lower-case hexadecimal digits.
        public var hex: String {
            let digits = Array("0123456789abcdef".utf8)
            return String(
                decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
                as: UTF8.self
            )
        }
    }

    private let context: OpaquePointer

    /// Starts an empty sum.
    public init() {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
        else { preconditionFailure("OpenSSL gave no SHA-256") }
        self.context = context
    }

    /// Adds bytes.
    public func update(_ bytes: UnsafeRawBufferPointer) {
        EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    /// Adds bytes.
    public func update(_ bytes: some ContiguousBytes) { bytes.withUnsafeBytes { update($0) } }

    /// Ends the sum; the object is not to be used after.
    public func finish() -> Digest {
        var bytes = [UInt8](repeating: 0, count: 32)
        EVP_DigestFinal_ex(context, &bytes, nil)
        return Digest(bytes: bytes)
    }

    deinit { EVP_MD_CTX_free(context) }

    /// The digest of bytes in memory.
    public static func digest(_ bytes: some ContiguousBytes) -> Digest {
        let sum = SHA256()
        sum.update(bytes)
        return sum.finish()
    }

    /// The digest of a file, read in pieces of 1 MiB.
    ///
    /// - Parameter path: The file.
    /// - Returns: The digest.
    /// - Throws: An error of Foundation if the file cannot be read.
    public static func digest(fileAt path: String) throws -> Digest {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? file.close() }
        let sum = SHA256()
        while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty { sum.update(piece) }
        return sum.finish()
    }
}
