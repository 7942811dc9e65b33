import Foundation

/// Raw `rgb24` rows on an open descriptor, as a pipe to another program wants them.
package struct DescriptorOutput: FrameOutput {
    let descriptor: Int32
    let path: String

    package init(descriptor: Int32, path: String) {
        (self.descriptor, self.path) = (descriptor, path)
    }

    package func append(_ image: RGBImage) throws(MediaError) {
        try DescriptorOutput.write(Data(image.pixels), to: descriptor, path: path)
    }

    package func finish() throws(MediaError) {}

    package func cancel() {}

    /// Writes all bytes, however many calls it takes.
    static func write(_ bytes: Data, to descriptor: Int32, path: String) throws(MediaError) {
        var failure: Int32 = 0
        bytes.withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress else { return }
            var done = 0
            while done < buffer.count {
                let count = Foundation.write(descriptor, start + done, buffer.count - done)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else {
                    failure = count < 0 ? errno : EIO
                    return
                }
                done += count
            }
        }
        guard failure == 0 else {
            throw .system(failure, doing: "writing", path: path, isWriting: true)
        }
    }
}
