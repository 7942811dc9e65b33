public import Foundation
public import Tensors

/// The frames of many clips in one block of bytes, which may lie in a mapped file.
///
/// Frames are RGB of one size, `[H, W, 3]` each, one after the other; the frames of a clip follow each other.
public struct PictureSet: Sendable {
    /// What is known of a clip.
    public struct Clip: Codable, Sendable, Hashable {
        /// The file it comes from, without its folder.
        public let name: String
        /// A sentence about it, or nil.
        public let caption: String?
        /// The number of its first frame.
        public let first: Int
        /// The number of its frames.
        public let count: Int

        /// Describes a clip.
        public init(name: String, caption: String?, first: Int, count: Int) {
            self.name = name
            self.caption = caption
            self.first = first
            self.count = count
        }

        /// The numbers of its frames.
        public var frames: Range<Int> { first..<first + count }
    }

    /// The height of a frame in pixels.
    public let height: Int
    /// The width of a frame in pixels.
    public let width: Int
    /// The clips, in the order of their frames.
    public let clips: [Clip]
    private let bytes: Data

    /// Wraps frames.
    ///
    /// - Parameters:
    ///   - height: Of a frame, in pixels.
    ///   - width: Of a frame, in pixels.
    ///   - clips: In the order of their frames.
    ///   - bytes: All frames.
    /// - Throws: `TrainingError`, `.badData`, if the bytes are not as many as the frames need.
    public init(height: Int, width: Int, clips: [Clip], bytes: Data) throws {
        let count = clips.last.map { $0.first + $0.count } ?? 0
        guard bytes.count == count * height * width * 3 else {
            throw TrainingError(
                .badData,
                "\(bytes.count) bytes for \(count) frames of \(width)x\(height); delete the frames and "
                    + "let them be read again"
            )
        }
        self.height = height
        self.width = width
        self.clips = clips
        self.bytes = bytes
    }

    /// The number of frames.
    public var count: Int { clips.last.map { $0.first + $0.count } ?? 0 }

    /// Some frames as numbers in -1...1: `[N, H, W, 3]`.
    public func pictures(_ indices: [Int]) -> Tensor<Float> {
        let size = height * width * 3
        return Tensor(uninitialized: [indices.count, height, width, 3]) { out in
            bytes.withUnsafeBytes { bytes in
                for (place, index) in indices.enumerated() {
                    precondition((0..<count).contains(index), "frame \(index) of \(count)")
                    let source = UnsafeRawBufferPointer(
                        rebasing: bytes[index * size..<(index + 1) * size]
                    )
                    for element in 0..<size {
                        out.initializeElement(
                            at: place * size + element,
                            to: Float(source[element]) * (2 / 255) - 1
                        )
                    }
                }
            }
        }
    }
}
