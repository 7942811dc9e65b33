// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "vsdb-benchmarks",
    dependencies: [.package(name: "vsdb", path: "..")],
    targets: [
        .executableTarget(
            name: "bench",
            dependencies: [
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
        )
    ]
)
