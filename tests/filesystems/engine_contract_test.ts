import { copyEngine } from "../../src/engine/copy.ts";
import { reflinkEngine } from "../../src/engine/reflink.ts";
import { testEngine, testFullDisk } from "./engine_suite.ts";

testEngine({ name: "copyEngine", make: copyEngine, disks: ["ext4", "xfs", "btrfs", "tmpfs"] });
testEngine({ name: "reflinkEngine", make: reflinkEngine, disks: ["xfs", "btrfs"] });

testFullDisk({ name: "copyEngine", make: copyEngine }, "ext4");
testFullDisk({ name: "copyEngine", make: copyEngine }, "tmpfs");
