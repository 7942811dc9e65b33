import Foundation
import Hashing
import Store
import Tensors
import TestSupport
import Testing

extension TemporaryFolder {
    /// Where a test makes its library.
    var library: String { path + "/lib" }
}

enum Fixture {
    static let pack = PackRecord(
        name: "faces",
        fingerprint: SHA256.digest(Data("faces".utf8)).hex,
        manifestJSON: #"{"family":"stylegan2"}"#
    )

    /// A library with one pack.
    static func library(in folder: TemporaryFolder) throws -> Library {
        let library = try Library.create(at: folder.library)
        try library.registerPack(pack)
        return library
    }

    static func source(_ seed: Int) -> Source {
        Source(
            sha256: SHA256.digest(Data("source \(seed)".utf8)).hex,
            path: "/films/\(seed).mp4",
            byteCount: 1000 + seed,
            mediaKind: .video,
            containerJSON: #"{"frameRate":25}"#
        )
    }

    /// Numbers that depend on the seed only.
    static func tensor(_ shape: [Int], seed: Int) -> RawTensor {
        let count = shape.reduce(1, *)
        let scalars = (0..<count).map { Float(($0 &* 7919 &+ seed &* 104_729) % 1009) / 1009 }
        return RawTensor(Tensor<Float>(shape: shape, scalars: scalars))
    }

    static func clip(_ seed: Int, name: String? = nil) -> NewClip {
        var clip = NewClip(
            source: source(seed),
            start: 0,
            end: 4,
            name: name ?? "clip-\(seed)",
            packFingerprint: pack.fingerprint,
            settings: #"{"frames":5}"#,
            assets: [
                NewAsset(kind: .content, tensor: tensor([18, 512], seed: seed)),
                NewAsset(
                    kind: .dynamics,
                    tensor: tensor([64, 8, 8], seed: seed + 1),
                    provenanceJSON: #"{"network":"f_D"}"#
                ),
                NewAsset(kind: .thumbnails, bytes: Data("picture \(seed)".utf8)),
            ]
        )
        clip.caption = "clip number \(seed)"
        clip.tags = ["odd", "even"].filter { ($0 == "even") == (seed % 2 == 0) } + ["all"]
        return clip
    }
}

/// Expects a call to throw our error of one kind, and gives it for a look at its text.
@discardableResult
func expectFailure<Result>(
    _ kind: StoreError.Kind,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> Result
) -> StoreError? {
    let error = #expect(throws: StoreError.self, sourceLocation: sourceLocation) {
        _ = try body()
    }
    #expect(error?.kind == kind, "\(error?.description ?? "")", sourceLocation: sourceLocation)
    return error
}

/// Changes bytes of a file in place.
func overwrite(_ path: String, at offset: Int, with bytes: [UInt8]) throws {
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    defer { try? file.close() }
    try file.seek(toOffset: UInt64(offset))
    try file.write(contentsOf: Data(bytes))
}
