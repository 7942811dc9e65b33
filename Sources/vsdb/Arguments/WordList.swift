import ArgumentParser
import Foundation

/// Tags as one argument: a word, or several with commas between them.
struct WordList: ExpressibleByArgument, Sendable {
    let words: [String]

    init?(argument: String) {
        words = argument.split(separator: ",", omittingEmptySubsequences: false).map { word in
            word.trimmingCharacters(in: .whitespaces)
        }
        guard !words.contains(where: \.isEmpty) else { return nil }
    }

    /// The words for messages.
    var shown: String { words.joined(separator: ", ") }
}

extension [WordList] {
    /// The words of all arguments.
    var words: [String] { flatMap(\.words) }
}
