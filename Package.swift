// swift-tools-version: 6.2
import PackageDescription

/// One list of settings for every Swift target of the house.
let houseSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

func house(_ name: String, _ dependencies: [Target.Dependency], path: String? = nil) -> Target {
    .target(name: name, dependencies: dependencies, path: path, swiftSettings: houseSettings)
}

/// Swift's own libraries as a part of the program: loading them takes 5 ms of each start.
///
/// Not by `swift build --static-swift-stdlib`: everything would be built anew for `swift test`, which cannot. Not
/// under sanitizers (make test-asan): memory that libc gives to the library, as in `readLine`, would be unknown to them.
let staticRuntime: [String] =
    Context.environment["VSDB_SANITIZED"] != nil
    ? []
    : ["-static-stdlib", "-use-ld=lld", "-Xlinker", "--start-group"]
        + [
            "Foundation", "FoundationInternationalization", "FoundationEssentials",
            "CoreFoundation",
            "_FoundationICU", "_FoundationCShims", "_FoundationCollections",
        ].map { "-l\($0)" } + ["-Xlinker", "--end-group"]

func tests(
    _ name: String,
    _ dependencies: [Target.Dependency],
    exclude: [String] = []
) -> Target {
    .testTarget(
        name: name,
        dependencies: dependencies + ["TestSupport"],
        exclude: exclude,
        swiftSettings: houseSettings
    )
}

let package = Package(
    name: "vsdb",
    products: [
        .executable(name: "vsdb", targets: ["vsdb"]),
        // The pipelines, with the modules whose types their signatures name.
        .library(
            name: "Pipelines",
            targets: [
                "Pipelines", "Store", "Packs", "Models", "Kernels", "Media", "Tensors", "Training",
                "Search",
            ]
        ),
        // Checkpoints of published sizes, for the benchmarks.
        .library(name: "PaperSizes", targets: ["PaperSizes"]),
        // System calls that fail, for the fault tests to preload.
        .library(name: "FaultShim", type: .dynamic, targets: ["FaultShim"]),
    ],
    dependencies: [
        // Flags, help texts and completions of the command line.
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        // Levelled messages that a host program can redirect.
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        // SQLite with migrations, pooled readers and checked statements.
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    ],
    targets: [
        // C libraries: module map and shim header only, each imported by one target.
        .systemLibrary(name: "CLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"])]),
        .systemLibrary(
            name: "CXXHash",
            pkgConfig: "libxxhash",
            providers: [.apt(["libxxhash-dev"])]
        ),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        // C libraries that are opened by the first call of one of their functions: docs/architecture.md.
        // Debian's libdnnl-dev, libavformat-dev, libavcodec-dev, libswscale-dev and libcairo2-dev.
        .target(name: "CLibraryLoading"),
        .target(name: "COneDNN", dependencies: ["CLibraryLoading"]),
        .target(name: "CLibav", dependencies: ["CLibraryLoading"]),
        .target(name: "CCairo", dependencies: ["CLibraryLoading"]),
        // CLIP's merges as data of the program; packed, for they are asked for rarely.
        .target(
            name: "CVocabulary",
            exclude: ["bpe_simple_vocab_16e6.txt.gz", "LICENSE", "README.md"]
        ),
        // What the store needs of the system: a handler of faults in mapped files, file system types.
        .target(name: "CStore"),
        // Our own fused passes; always optimised, also in debug builds. Not watched by ThreadSanitizer, which ends the
        // process in the functions that choose a kernel for the processor, before it has started itself.
        .target(
            name: "CKernels",
            cSettings: [.unsafeFlags(["-O3", "-fno-math-errno", "-fno-sanitize=thread"])],
            linkerSettings: [.linkedLibrary("gomp")]
        ),

        house("Tensors", []),
        // What results are measured by: formulas over pixels and vectors.
        house("Metrics", []),
        house("Kernels", ["Tensors", "CKernels", "COneDNN"]),
        house("ODE", ["Tensors", "Kernels"]),
        house("Gradients", ["Tensors", "Kernels", "ODE"]),
        house("Layers", ["Tensors", "Kernels"]),
        house("Models", ["Tensors", "Kernels", "Layers", "ODE"]),
        house("Training", ["Tensors", "Kernels", "Gradients", "ODE", "Models", "Packs"]),
        house("Hashing", ["COpenSSL", "CXXHash"]),
        house("Search", ["Tensors", "Kernels", "Hashing"]),
        house("Compression", ["CZlib"]),
        house("Vocabulary", ["CVocabulary", "Compression"]),
        house("Packs", ["Tensors", "Models", "Hashing", "Compression", "Vocabulary"]),
        house("Media", ["Tensors", "CLibav", "CCairo"]),
        .target(
            name: "Migrations",
            path: "Migrations",
            resources: [
                .embedInCode("V0001_create_library.sql"),
                .embedInCode("V0002_create_collections.sql"),
                .embedInCode("V0003_seal_clips.sql"),
            ],
            swiftSettings: houseSettings
        ),
        house(
            "Store",
            [
                "Tensors", "Hashing", "Migrations", "CLMDB", "CStore",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]
        ),
        house(
            "Pipelines",
            [
                "Tensors", "Kernels", "Hashing", "ODE", "Models", "Packs", "Media", "Store",
                "Gradients", "Training", "Metrics", "Search",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        // Work that is done in tasks by Slurm.
        house("Cluster", ["Tensors", "Packs", "Media", "Store", "Pipelines"]),
        .executableTarget(
            name: "vsdb",
            dependencies: [
                "Pipelines", "Cluster", "Store", "Packs", "Tensors", "Media", "Training", "Search",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: houseSettings,
            linkerSettings: [.unsafeFlags(staticRuntime)]
        ),

        .target(
            name: "TestSupport",
            dependencies: ["Tensors", "Packs"],
            path: "Tests/TestSupport",
            swiftSettings: houseSettings
        ),
        tests("TensorsTests", ["Tensors"]),
        tests("MetricsTests", ["Metrics"]),
        tests("HashingTests", ["Hashing"]),
        tests("SearchTests", ["Search", "Tensors", "Kernels", "SeededNumbers"]),
        tests("KernelsTests", ["Tensors", "Kernels"]),
        tests("ODETests", ["Tensors", "Kernels", "ODE"]),
        tests("GradientsTests", ["Tensors", "Kernels", "ODE", "Gradients"]),
        tests(
            "TrainingTests",
            ["Tensors", "Kernels", "Gradients", "ODE", "Models", "Packs", "Training"]
        ),
        tests("LayersTests", ["Tensors", "Kernels", "Layers"]),
        tests("CompressionTests", ["Compression"]),
        tests("VocabularyTests", ["Hashing", "Vocabulary"]),
        tests(
            "ModelsTests",
            ["Tensors", "Kernels", "Layers", "ODE", "Models", "Packs", "Vocabulary"]
        ),
        // Random numbers of tests and fuzzers.
        house("SeededNumbers", [], path: "Tests/SeededNumbers"),
        // Weight files that tests build themselves, sound ones and attacks.
        house("CheckpointFixtures", [], path: "Tests/CheckpointFixtures"),
        // Checkpoints of published sizes with random numbers: Benchmarks/README.md.
        house(
            "PaperSizes",
            ["Tensors", "Models", "Packs", "Compression", "CheckpointFixtures"],
            path: "Benchmarks/PaperSizes"
        ),
        // A process that works on a library and dies, and system calls that fail: for FaultTests.
        house(
            "StoreWork",
            [
                "Tensors", "Hashing", "Migrations", "Store",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            path: "Tests/StoreWork"
        ),
        .executableTarget(
            name: "store-worker",
            dependencies: ["Tensors", "Store", "StoreWork"],
            path: "Tests/store-worker",
            swiftSettings: houseSettings,
            linkerSettings: [.unsafeFlags(staticRuntime)]
        ),
        .target(name: "FaultShim", path: "Tests/fault-shim"),
        tests("FaultTests", ["Tensors", "Store", "StoreWork", "SeededNumbers"]),
        // Changed weight files for the readers: Fuzz/README.md.
        house(
            "ReaderFuzzing",
            ["Tensors", "Packs", "CheckpointFixtures", "SeededNumbers"],
            path: "Fuzz/ReaderFuzzing"
        ),
        .executableTarget(
            name: "fuzz-readers",
            dependencies: ["ReaderFuzzing"],
            path: "Fuzz/fuzz-readers",
            swiftSettings: houseSettings
        ),
        // Changed films for what reads them: Fuzz/README.md.
        house(
            "MediaFuzzing",
            ["Media", "Packs", "Pipelines", "SeededNumbers"],
            path: "Fuzz/MediaFuzzing"
        ),
        .executableTarget(
            name: "fuzz-media",
            dependencies: ["MediaFuzzing"],
            path: "Fuzz/fuzz-media",
            swiftSettings: houseSettings
        ),
        tests(
            "PacksTests",
            [
                "Tensors", "ODE", "Models", "Packs", "CheckpointFixtures", "ReaderFuzzing",
                "PaperSizes",
            ]
        ),
        tests("MediaTests", ["Tensors", "Media"], exclude: ["Fixtures"]),
        tests(
            "StoreTests",
            [
                "Tensors", "Hashing", "Store", "Migrations",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]
        ),
        tests(
            "PipelinesTests",
            [
                "Tensors", "Hashing", "Kernels", "Models", "Packs", "Media", "Store", "Pipelines",
                "MediaFuzzing",
            ]
        ),
        tests("ClusterTests", ["Cluster"]),
        tests(
            "CommandTests",
            ["Tensors", "Media", "Store", "Pipelines", "CheckpointFixtures", "SeededNumbers"]
        ),
    ]
)
