import Foundation

/// Numbered PNG files, collected in a hidden folder until all are there.
///
/// A new folder appears at once, by renaming. Into a folder that exists the files are moved one by
/// one; files of the same names are replaced, others stay.
final class PictureFolderOutput: FrameOutput {
    private let path: String
    private let name: NumberedName
    private let collecting: String
    private let isNewFolder: Bool
    private var count = 0
    private var isPending = true

    init(_ path: String) throws(MediaError) {
        guard let name = NumberedName(path: path) else {
            throw MediaError(.unsupportedFormat, path: path, "the name has no place for a number")
        }
        (self.path, self.name) = (path, name)
        var status = stat()
        isNewFolder = stat(name.folder, &status) != 0
        let inner = name.folder + "/pictures"
        collecting = PendingFile.temporaryPath(beside: isNewFolder ? name.folder : inner)
        try PendingFile.checkFolder(of: isNewFolder ? name.folder : inner)
        AbandonedDrafts.delete(in: PendingFile.folder(of: collecting))
        guard mkdir(collecting, 0o777) == 0 else {
            throw .system(errno, doing: "making a folder", path: path, isWriting: true)
        }
    }

    deinit { cancel() }

    func append(_ image: RGBImage) throws(MediaError) {
        let bytes = try StillImage.encode(image, as: .png)
        let target = "\(collecting)/\(name.name(count))"
        let descriptor = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failed("making a picture file") }
        defer { close(descriptor) }
        try DescriptorOutput.write(bytes, to: descriptor, path: path)
        guard fsync(descriptor) == 0 else { throw failed("saving a picture file") }
        count += 1
    }

    func finish() throws(MediaError) {
        try PendingFile.synchronize(collecting, for: path)
        if isNewFolder {
            guard rename(collecting, name.folder) == 0 else { throw failed("renaming the folder") }
            isPending = false
            try PendingFile.synchronize(PendingFile.folder(of: name.folder), for: path)
            return
        }
        for number in 0..<count {
            let file = name.name(number)
            guard rename("\(collecting)/\(file)", "\(name.folder)/\(file)") == 0 else {
                throw failed("moving a picture into the folder")
            }
        }
        rmdir(collecting)
        isPending = false
        try PendingFile.synchronize(name.folder, for: path)
    }

    func cancel() {
        guard isPending else { return }
        isPending = false
        try? FileManager.default.removeItem(atPath: collecting)
    }

    private func failed(_ doing: String) -> MediaError {
        .system(errno, doing: doing, path: path, isWriting: true)
    }
}
