import CheckpointFixtures
import Foundation
import Packs
import Tensors
import Testing

/// Pickles that lie, in each of the three kinds of file that hold them.
struct PickleAttackTests {
    /// A way to put a pickle into a file.
    enum Carrier: String, CaseIterable, Sendable {
        case archive
        case legacy
        case bare

        /// Opens a file of the pickle `{"a": body}`.
        func open(
            protocol version: UInt8 = 4,
            _ body: (inout PickleBuilder) -> Void
        ) throws -> any PickledArchive {
            let pickle = PickleBuilder.dictionary("a", protocol: version, body)
            var legacy = LegacyTorchBuilder()
            legacy.storages = []
            return switch self {
            case .archive: try TorchArchive(path: "attack.pt", data: torchFile(pickle))
            case .legacy: try LegacyTorchFile(path: "attack.pt", data: legacy.file(pickle))
            case .bare: try PickleFile(path: "attack.pt", data: pickle)
            }
        }

        func expectRefusal(
            _ words: String,
            sourceLocation: SourceLocation = #_sourceLocation,
            _ body: (inout PickleBuilder) -> Void
        ) {
            let error = #expect(
                throws: CheckpointError.self,
                "\(self)",
                sourceLocation: sourceLocation
            ) { try open(body) }
            guard let text = error?.description else { return }
            let isOneLine = !text.unicodeScalars.contains { $0.value < 0x20 }
            #expect(
                text.contains("attack.pt") && text.contains(words) && isOneLine,
                "\(text)",
                sourceLocation: sourceLocation
            )
        }
    }

    @Test(arguments: Carrier.allCases)
    func namesThatRunProgramsOrCodeAreRefusedWithPlaceAndRule(carrier: Carrier) {
        let marker = FileManager.default.temporaryDirectory
            .appendingPathComponent("attack-\(UUID().uuidString)").path
        for (module, name, deed) in Self.forbidden {
            // Two bytes of protocol, the dictionary and the six bytes of its key come before.
            carrier.expectRefusal("byte 9: names \(module).\(name), which \(deed)") { pickle in
                pickle.global(module, name)
                pickle.string("touch \(marker)")
                pickle.raw([0x85])
                pickle.code("R")
            }
            // Named and never called, and named by texts.
            carrier.expectRefusal("names \(module).\(name), which \(deed)") {
                $0.string(module)
                $0.string(name)
                $0.raw([0x93])
            }
        }
        #expect(!FileManager.default.fileExists(atPath: marker))
    }

    private static let forbidden = [
        ("os", "system", "runs programs"), ("posix", "system", "runs programs"),
        ("nt", "system", "runs programs"), ("subprocess", "Popen", "runs programs"),
        ("commands", "getoutput", "runs programs"), ("pty", "spawn", "runs programs"),
        ("webbrowser", "open", "runs programs"), ("os.path", "join", "runs programs"),
        ("builtins", "eval", "runs code"), ("builtins", "exec", "runs code"),
        ("builtins", "compile", "runs code"), ("builtins", "__import__", "runs code"),
        ("builtins", "open", "opens files"), ("__builtin__", "file", "opens files"),
        ("__builtin__", "apply", "runs code"), ("__builtin__", "execfile", "runs code"),
        ("builtins", "getattr", "is no type"), ("builtins", "print", "is no type"),
        ("runpy", "run_path", "runs code"), ("importlib", "import_module", "runs code"),
        ("importlib.machinery", "SourceFileLoader", "runs code"), ("code", "interact", "runs code"),
        ("marshal", "loads", "runs code"), ("pickle", "loads", "runs code"),
        ("torch.hub", "load", "runs code"), ("torch", "load", "runs code"),
        ("types", "CodeType", "makes code"), ("types", "FunctionType", "makes code"),
        ("sys", "modules", "reaches into"), ("ctypes", "CDLL", "reaches into"),
        ("ctypes.util", "find_library", "reaches into"), ("shutil", "rmtree", "changes files"),
        ("socket", "create_connection", "opens connections"),
        ("urllib.request", "urlopen", "opens connections"),
        ("operator", "attrgetter", "reaches into"),
        // Python follows dots in names.
        ("torch.serialization", "os.system", "runs programs"),
        ("torch", "serialization.os.system", "runs programs"),
        ("collections", "OrderedDict.__init__.__globals__", "reaches into"),
        ("a", "b.c.d.e.f.g.h.i.j", "has more than 8 parts"),
    ]

    @Test func torchFilesInPicklesAreHeldToTheSameNames() {
        var value = PickleBuilder()
        value.global("posix", "system")
        var builder = LegacyTorchBuilder()
        builder.storages = []
        let nested = builder.file(value.ended)
        let error = #expect(throws: CheckpointError.self) {
            try Carrier.bare.open { $0.loadFromBytes(nested) }
        }
        let text = error?.description ?? ""
        #expect(text.contains("torch file at byte"), "\(text)")
        #expect(text.contains("names posix.system, which runs programs"), "\(text)")
    }

    @Test(arguments: Carrier.allCases)
    func otherForeignNamesStayInertAndAreShown(carrier: Carrier) throws {
        // Nobody's system, somebody's folder called code, harmless members of the same modules.
        for (module, name) in [
            ("argparse", "Namespace"), ("ossia", "system"), ("code.models", "Net"),
            ("types", "SimpleNamespace"), ("my", "Outer.Inner"), ("operator", "itemgetter"),
            ("functools", "partial"), ("pathlib", "PosixPath"), ("torch.jitter", "load"),
        ] {
            let file = try carrier.open { pickle in
                pickle.global(module, name)
                pickle.string("anything")
                pickle.raw([0x85])
                pickle.code("R")
            }
            #expect(file.placeholders == ["\(module).\(name)"])
            guard case .object(let object)? = file.value["a"] else {
                Issue.record("\(module).\(name) left something else than an inert object")
                continue
            }
            #expect(object.type == "\(module).\(name)")
        }
    }

    @Test(arguments: Carrier.allCases)
    func builtInTypesOfPlainValuesAreAllowed(carrier: Carrier) {
        for module in ["builtins", "__builtin__"] {
            for name in [
                "set", "frozenset", "list", "dict", "tuple", "bytearray", "int", "float", "str",
                "bytes", "bool", "complex", "range", "slice", "object", "type",
            ] {
                #expect(throws: Never.self) {
                    try carrier.open { pickle in
                        pickle.global(module, name)
                        pickle.code(")")
                        pickle.code("R")
                    }
                }
            }
        }
    }

    @Test(arguments: Carrier.allCases)
    func buildSetsAttributesOfInertObjectsOnly(carrier: Carrier) throws {
        // A class with __setstate__ and one whose attributes are a dictionary stay as they are.
        let file = try carrier.open { pickle in
            pickle.global("argparse", "Namespace")
            pickle.code(")")
            pickle.raw([0x81])
            pickle.code("}")
            pickle.string("__class__")
            pickle.global("my.models", "Net")
            pickle.code("s")
            pickle.code("b")
        }
        #expect(file.placeholders == ["argparse.Namespace", "my.models.Net"])
        #expect(file.names.isEmpty)
    }

    @Test(arguments: Carrier.allCases)
    func declaredLengthsBeyondTheFileAreRefused(carrier: Carrier) {
        let huge = littleEndian(UInt32(2_000_000_000))
        let beyond = [UInt8](repeating: 0xFF, count: 8)
        for instruction: [UInt8] in [
            [0x58] + huge, [0x42] + huge, [0x54] + huge, [0x8B] + littleEndian(Int32.max),
            [0x8B] + littleEndian(Int32.min), [0x8D] + beyond, [0x8E] + beyond, [0x96] + beyond,
            [0x8D] + littleEndian(Int64.max), [0x8A, 255, 1],
        ] {
            carrier.expectRefusal("byte") { $0.raw(instruction) }
        }
    }

    @Test(arguments: Carrier.allCases)
    func numbersThatOverflowStayInert(carrier: Carrier) throws {
        let file = try carrier.open {
            $0.raw([0x8A, 9] + [UInt8](repeating: 0xFF, count: 8) + [0x7F])
        }
        #expect(file.value["a"]?.integer == nil)
        // As a size it is no whole number.
        guard carrier == .archive else { return }
        carrier.expectRefusal("no whole numbers") { pickle in
            pickle.global("torch._utils", "_rebuild_tensor_v2")
            pickle.code("(")
            pickle.storage(count: 12)
            pickle.integer(0)
            pickle.raw([0x8A, 9] + [UInt8](repeating: 0xFF, count: 8) + [0x7F, 0x85])
            pickle.tuple([1])
            pickle.code("t")
            pickle.code("R")
        }
    }

    @Test(arguments: Carrier.allCases)
    func deepAndCyclicValuesAreRefused(carrier: Carrier) {
        carrier.expectRefusal("nested") { pickle in
            pickle.code(")")
            for _ in 0..<100_000 { pickle.raw([0x85]) }
        }
        carrier.expectRefusal("contains itself") { pickle in
            pickle.code("]")
            pickle.raw([0x94])
            pickle.raw([UInt8(ascii: "h"), 0])
            pickle.code("a")
        }
        carrier.expectRefusal("contains itself") { pickle in
            pickle.global("a", "B")
            pickle.code(")")
            pickle.raw([0x81, 0x94])
            pickle.raw([UInt8(ascii: "h"), 0])
            pickle.code("b")
        }
    }

    @Test(arguments: Carrier.allCases)
    func valuesThatMultiplyAreRefused(carrier: Carrier) {
        // Forty levels, each the level below twice: 2^40 values in 200 bytes.
        carrier.expectRefusal("more than") { pickle in
            pickle.code("]")
            for _ in 0..<40 {
                pickle.code("2")
                pickle.raw([0x86])
            }
        }
    }

    @Test(arguments: Carrier.allCases)
    func longListsThatAreSharedAreRefused(carrier: Carrier) {
        // Ten thousand times the same list of a hundred thousand numbers: 10^9 to look through.
        carrier.expectRefusal("shares values") { pickle in
            pickle.code("(")
            pickle.code("(")
            for _ in 0..<100_000 { pickle.code("N") }
            pickle.code("l")
            pickle.raw([0x94])
            for _ in 0..<10_000 { pickle.raw([UInt8(ascii: "h"), 0]) }
            pickle.code("t")
        }
    }

    @Test(arguments: Carrier.allCases)
    func callsThatCopyAgainAndAgainAreRefused(carrier: Carrier) {
        // A list of 100,000 parts, made into a set of its own by ten bytes, a thousand times.
        carrier.expectRefusal("copy more than") { pickle in
            pickle.global("builtins", "set")
            pickle.raw([0x94])
            pickle.code("(")
            for _ in 0..<100_000 { pickle.code("N") }
            pickle.code("l")
            pickle.raw([0x85, 0x94])
            for _ in 0..<1000 {
                pickle.raw([UInt8(ascii: "h"), 0, UInt8(ascii: "h"), 1])
                pickle.code("R")
                pickle.code("0")
            }
            pickle.code("N")
        }
        // A name made of two long texts, again and again.
        carrier.expectRefusal("longer than") { pickle in
            pickle.string(String(repeating: "m", count: 100_000))
            pickle.code("2")
            pickle.raw([0x93])
        }
    }

    @Test(arguments: Carrier.allCases)
    func namesInMessagesStayOnOneShortLine(carrier: Carrier) {
        carrier.expectRefusal("two tensors") { pickle in
            pickle.code("}")
            for _ in 0..<2 {
                pickle.string("line\n\u{1B}[2J" + String(repeating: "x", count: 900))
                pickle.nestedTensor(LegacyTorchBuilder.storage, sizes: [1], strides: [1])
                pickle.code("s")
            }
        }
    }

    @Test(arguments: Carrier.allCases)
    func buffersOutsideThePickleAreRefused(carrier: Carrier) {
        for code: UInt8 in [0x97, 0x98, 0x82, 0x83, 0x84] {
            carrier.expectRefusal("none of protocols") { $0.raw([code, 0, 0, 0, 0]) }
        }
    }
}
