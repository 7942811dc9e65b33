import Foundation

/// What a run of `fuzz-media` tries.
struct FuzzOptions {
    static let help = """
        fuzz-media [OPTION VALUE]...   tries changed films
        fuzz-media FILE...             reads single files, such as findings, in this process

        --count N      how many films; 2,000, or without end if there are --seconds
        --seconds S    ends after this time
        --seed N       the start of all changes; 1
        --first N      the number of the first film; 0
        --folder PATH  for films and findings; .build/fuzz-media

        """

    private var count: Int?
    private(set) var seconds: Double?
    private(set) var seed: UInt64 = 1
    private var first = 0
    private(set) var folder = FileManager.default.currentDirectoryPath + "/.build/fuzz-media"
    private(set) var paths: [String] = []

    /// Nil if they are not understood.
    init?(_ arguments: [String]) {
        var rest = arguments[...]
        while let name = rest.popFirst() {
            guard name.hasPrefix("-") else {
                paths.append(name)
                continue
            }
            guard let value = rest.popFirst() else { return nil }
            switch name {
            case "--count":
                guard let number = Int(value), number >= 0 else { return nil }
                count = number
            case "--seconds":
                guard let number = Double(value), number >= 0 else { return nil }
                seconds = number
            case "--seed":
                guard let number = UInt64(value) else { return nil }
                seed = number
            case "--first":
                guard let number = Int(value), number >= 0 else { return nil }
                first = number
            case "--folder": folder = URL(fileURLWithPath: value).path
            default: return nil
            }
        }
    }

    /// The numbers of the films.
    var indices: Range<Int> {
        let count = count ?? (seconds == nil ? 2_000 : 1 << 40)
        let (end, isTooLarge) = first.addingReportingOverflow(count)
        return first..<(isTooLarge ? .max : end)
    }
}
