import Foundation
import Hashing
package import Store
import Tensors

/// Clips whose numbers follow from a seed: any process can tell whether one is whole.
package enum SyntheticClip {
    /// What made them.
    package static let pack = PackRecord(
        name: "synthetic",
        fingerprint: SHA256.digest(Data("synthetic".utf8)).hex,
        manifestJSON: "{}"
    )

    /// The clip of a seed.
    ///
    /// - Parameters:
    ///   - seed: Any number.
    ///   - width: Numbers in a row of the content; 512 are as many as a published generator has.
    /// - Returns: A clip of the pack.
    package static func make(_ seed: Int, width: Int = 128) -> NewClip {
        var clip = NewClip(
            source: Source(
                sha256: SHA256.digest(Data("source \(seed)".utf8)).hex,
                path: "/films/\(seed).mp4",
                byteCount: 1000 + seed,
                mediaKind: .video,
                containerJSON: "{}"
            ),
            start: 0,
            end: 4,
            name: "clip-\(seed)",
            packFingerprint: pack.fingerprint,
            settings: #"{"seed":\#(seed),"width":\#(width)}"#,
            assets: [
                NewAsset(kind: .content, tensor: tensor([18, width], seed)),
                NewAsset(kind: .dynamics, tensor: tensor([width / 8, 8, 8], seed + 1)),
                NewAsset(kind: .thumbnails, bytes: Data("picture \(seed)".utf8)),
            ]
        )
        clip.tags = ["synthetic"]
        return clip
    }

    /// What is wrong with the clip of a seed in a library; nil if every byte is as it was given.
    ///
    /// - Throws: `StoreError` if it cannot be read.
    package static func fault(_ seed: Int, in library: Library) throws -> String? {
        let clip = make(seed)
        guard try library.hasClip(clip.id) else { return "clip \(seed) is lost" }
        for asset in clip.assets {
            let found = try library.tensor(of: clip.id, asset.kind)
            guard found?.bytes == asset.tensor.bytes, found?.shape == asset.tensor.shape else {
                return "the \(asset.kind.name) of clip \(seed) differs"
            }
        }
        return nil
    }

    private static func tensor(_ shape: [Int], _ seed: Int) -> RawTensor {
        let count = shape.reduce(1, *)
        let scalars = (0..<count).map { Float(($0 &* 7919 &+ seed &* 104_729) % 1009) / 1009 }
        return RawTensor(Tensor<Float>(shape: shape, scalars: scalars))
    }
}
