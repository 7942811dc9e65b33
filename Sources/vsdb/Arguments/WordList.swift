import ArgumentParser
import Foundation

/// Tags as one argument: a word, or several with commas between them.
struct WordList: ExpressibleByArgument, Sendable {
    let words: [String]

    init(argument: String) {
        words = argument.split(separator: ",", omittingEmptySubsequences: false).map { word in
            word.trimmingCharacters(in: .whitespaces)
        }
    }

    /// Refuses empty words.
    ///
    /// - Throws: `ValidationError` that says where they are.
    func validate() throws {
        guard words.contains(where: \.isEmpty) else { return }
        throw ValidationError(
            "tags \"\(words.joined(separator: ","))\": one of them is empty; write words with single commas "
                + "between them, as dance,night"
        )
    }

    /// The words for messages.
    var shown: String { words.joined(separator: ", ") }
}

extension [WordList] {
    /// Refuses empty words.
    ///
    /// - Throws: `ValidationError`.
    func validate() throws { for list in self { try list.validate() } }

    /// The words of all arguments.
    var words: [String] { flatMap(\.words) }
}
