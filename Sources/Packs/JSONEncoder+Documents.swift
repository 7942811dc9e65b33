package import Foundation

extension JSONEncoder {
    /// For documents that people read and compare: keys in order, lines, slashes as they are.
    package static var forDocuments: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return encoder
    }
}
