/// A pickle that breaks a rule; the machine adds file and place.
struct PickleFault: Error {
    let problem: String

    init(_ problem: String) { self.problem = problem }
}

/// What all pickles of one file share: how much they may still do, and which names nobody knew.
///
/// A pickle of a few bytes can ask for the same work again and again; every instruction, and every
/// value whose making takes more than the instruction is long, is counted here.
final class PickleSession {
    /// Names of classes and functions that are not carried out.
    private(set) var placeholders: Set<String> = []

    private var steps = 0
    private var textBytes = 0
    private var copiedReferences = 0

    /// A checkpoint of 5,000 tensors with the state of its optimizer takes about 600,000
    /// instructions.
    static let stepLimit = 1 << 22
    static let copyLimit = 1 << 22
    /// Longer than any name of a class; a long one could be made again and again out of two texts.
    static let nameLimit = 1024

    /// Texts take room beside the file; two copies of all of it are enough for bytes that are
    /// stored as texts.
    private let textLimit: Int

    /// Prepares for the pickles of a file of that size.
    init(fileSize: Int) {
        textLimit = (1 << 26) + 2 * min(fileSize, 1 << 40)
    }

    /// Counts one instruction.
    func step() throws(PickleFault) {
        steps += 1
        guard steps <= Self.stepLimit else {
            throw PickleFault("there are more than \(Self.stepLimit) instructions")
        }
    }

    /// Counts a text or a converted text.
    func charge(text byteCount: Int) throws(PickleFault) {
        textBytes += byteCount
        guard textBytes <= textLimit else {
            throw PickleFault("the texts have more than \(textLimit) bytes")
        }
    }

    /// Counts parts of a container that a call copies or searches.
    func charge(references count: Int) throws(PickleFault) {
        copiedReferences += count
        guard copiedReferences <= Self.copyLimit else {
            throw PickleFault("calls copy more than \(Self.copyLimit) values")
        }
    }

    /// Notes the name of a class or function that a pickle refers to.
    func meet(_ name: String) throws(PickleFault) {
        guard name.utf8.count <= Self.nameLimit else {
            throw PickleFault("the name of a class is longer than \(Self.nameLimit) bytes")
        }
        if !PickleGlobals.knows(name), !placeholders.contains(name) {
            try charge(text: name.utf8.count)
            placeholders.insert(name)
        }
    }
}
