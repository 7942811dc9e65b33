// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "vsdb-benchmarks",
    dependencies: [.package(name: "vsdb", path: "..")],
    targets: [
        // Loops for the processor's limits; always optimised.
        .target(
            name: "CPeak",
            cSettings: [.unsafeFlags(["-O3", "-Wno-psabi"])]
        ),
        .executableTarget(
            name: "bench",
            dependencies: [
                "CPeak",
                .product(name: "Pipelines", package: "vsdb"),
                .product(name: "PaperSizes", package: "vsdb"),
            ],
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .treatAllWarnings(as: .error),
            ]
        ),
    ]
)
