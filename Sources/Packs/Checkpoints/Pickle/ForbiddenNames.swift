/// Names that no weight file needs and every attack does: what runs programs, code or the
/// interpreter.
///
/// A pickle that has one is refused where it names it, called or not. Nothing would be run, every
/// other unknown name is inert too; but whoever made the file meant it to be, and the next program
/// may do so. Sources: Python's library reference; PyTorch `torch/_weights_only_unpickler.py`; the
/// lists of picklescan and fickling.
enum ForbiddenNames {
    /// Modules of which every name is refused, by what they do.
    ///
    /// Modules without parts of their own are matched exactly: a folder `code` of somebody's
    /// project is a name as any other.
    private static let modules = table([
        "runs programs": """
        os posix nt subprocess _posixsubprocess _winapi popen2 commands pty webbrowser
        antigravity multiprocessing.util multiprocessing.popen_fork
        multiprocessing.popen_spawn_posix asyncio.subprocess asyncio.unix_events
        asyncio.windows_events
        """,
        "runs code": """
        imp runpy code codeop marshal pkgutil zipimport zipapp pickle _pickle cPickle shelve
        timeit trace profile cProfile _lsprof pdb bdb doctest pydoc
        numpy.testing._private.utils torch.utils.cpp_extension torch.utils.collect_env
        torch.jit.unsupported_tensor_ops
        """,
        "reaches into the interpreter": """
        sys site gc inspect faulthandler _imp _ctypes atexit signal
        """,
        "changes files": "shutil fileinput",
        "opens connections": """
        socket _socket ssl ftplib httplib http.client smtplib telnetlib SocketServer
        socketserver urllib2 poplib imaplib nntplib xmlrpclib
        """,
    ])

    /// Modules that are refused with everything below them.
    private static let packages = table([
        "runs programs": "os. distutils. setuptools. pip. ensurepip. venv.",
        "runs code": """
        importlib. _frozen_importlib. _frozen_importlib_external. lib2to3. idlelib. torch.hub.
        torch._inductor. numpy.f2py. numpy.distutils.
        """,
        "reaches into the interpreter": "ctypes.",
        "opens connections": "urllib. xmlrpc.",
    ])

    /// Single names of modules that weight files do need.
    private static let members = table([
        "makes code": """
        types.CodeType types.FunctionType types.LambdaType types.MethodType
        torch.jit.CompilationUnit
        """,
        "reaches into the interpreter": """
        operator.attrgetter operator.methodcaller _operator.attrgetter _operator.methodcaller
        """,
        "opens files": """
        io.open io.open_code io.FileIO _io.open _io.open_code _io.FileIO codecs.open
        """,
        "runs programs": """
        platform.popen asyncio.create_subprocess_exec asyncio.create_subprocess_shell
        """,
        "runs code": "torch.load torch.compile torch.serialization.load torch.jit.load",
    ])

    /// Classes in classes lie no deeper.
    private static let partLimit = 8

    private static let builtinModules: Set = ["builtins", "__builtin__", "__builtins__"]

    /// The built-in types of plain values; every other built-in is refused.
    ///
    /// `type` stands for the type of `None`, the last four are those of Python 2.
    private static let plainBuiltins: Set = [
        "set", "frozenset", "list", "dict", "tuple", "bytearray", "int", "float", "str", "bytes",
        "bool", "complex", "range", "slice", "object", "type", "Ellipsis", "NotImplemented",
        "unicode", "long", "xrange", "basestring",
    ]
    private static let openingBuiltins: Set = ["open", "file", "input", "raw_input"]
    private static let runningBuiltins: Set = [
        "eval", "exec", "execfile", "compile", "__import__", "apply", "reload", "breakpoint",
    ]

    /// What the thing of that name does if no file may name it, nil for all others.
    ///
    /// - Parameters:
    ///   - module: The module.
    ///   - name: The name in it, with dots for parts of parts.
    /// - Returns: A few words, such as `runs programs`.
    static func deed(of module: String, _ name: String) -> String? {
        if let deed = single(module, name) { return deed }
        guard name.contains(".") else { return nil }
        // Python follows the dots: (torch.serialization, os.system) is os.system.
        let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= partLimit else { return "has more than \(partLimit) parts" }
        if parts.contains(where: { $0.count > 4 && $0.hasPrefix("__") && $0.hasSuffix("__") }) {
            return "reaches into the interpreter"
        }
        return zip(parts, parts.dropFirst()).lazy.compactMap { single($0, $1) }.first
    }

    private static func single(_ module: String, _ name: String) -> String? {
        if builtinModules.contains(module) { return builtin(name) }
        if let deed = modules[module] ?? members["\(module).\(name)"] { return deed }
        let path = module + "."
        return packages.first { path.hasPrefix($0.key) }?.value
    }

    /// The deeds of names that are listed by their deeds.
    private static func table(_ lists: [String: String]) -> [String: String] {
        let pairs = lists.flatMap { deed, names in
            names.split(whereSeparator: \.isWhitespace).map { (String($0), deed) }
        }
        return Dictionary(pairs) { first, _ in first }
    }

    private static func builtin(_ name: String) -> String? {
        if plainBuiltins.contains(name) { return nil }
        if runningBuiltins.contains(name) { return "runs code" }
        if openingBuiltins.contains(name) { return "opens files" }
        return "is no type of plain values"
    }
}
