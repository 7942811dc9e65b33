internal import Foundation

/// The files behind the paths that a user named.
enum SourceList {
    /// Endings that are taken from a folder; a file named by itself may have any.
    static let endings: Set<String> = [
        "mp4", "m4v", "mov", "mkv", "webm", "avi", "mpg", "mpeg", "ts", "mts", "m2ts", "mxf", "ogv",
        "flv",
        "wmv", "gif", "y4m", "png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff",
    ]

    /// Files in the order named, folders replaced by their media in the order of names.
    ///
    /// - Throws: `RequestError` for a folder without media.
    static func files(_ inputs: [String]) throws -> [String] {
        // Bytes, not texts: names in composed and decomposed form are equal texts, and two files.
        var seen: Set<Data> = []
        var files: [String] = []
        for input in inputs {
            var isFolder: ObjCBool = false
            let exists = FileManager.default.fileExists(atPath: input, isDirectory: &isFolder)
            guard exists, isFolder.boolValue else {
                // A missing file is reported as that file's failure, beside the others.
                if seen.insert(Data(input.utf8)).inserted { files.append(input) }
                continue
            }
            let found = media(in: input)
            guard !found.isEmpty else {
                throw RequestError(
                    "folder \"\(input)\" has no media files (\(endings.sorted().joined(separator: ", ")))"
                )
            }
            for file in found where seen.insert(Data(file.utf8)).inserted { files.append(file) }
        }
        return files
    }

    private static func media(in folder: String) -> [String] {
        // A folder may be named by a link, which the enumerator does not follow.
        let place = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
        let walk = FileManager.default.enumerator(atPath: place)
        var files: [String] = []
        while let name = walk?.nextObject() as? String {
            let isHidden = name.split(separator: "/").contains { $0.hasPrefix(".") }
            let ending = (name as NSString).pathExtension.lowercased()
            if !isHidden, endings.contains(ending) { files.append(folder + "/" + name) }
        }
        return files.sorted()
    }
}
