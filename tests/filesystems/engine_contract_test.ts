import { btrfsSnapshot } from "../../src/engine/btrfs_snapshot.ts";
import { copyEngine } from "../../src/engine/copy.ts";
import { reflinkEngine } from "../../src/engine/reflink.ts";
import {
  testFullDisk,
  testMappedStores,
  testPoorerDisk,
  testSlices,
  testWrongDisk,
} from "./engine_limits.ts";
import { testPoorDisks } from "./engine_poor.ts";
import { testEngine } from "./engine_suite.ts";

const copy = { name: "copyEngine", make: copyEngine };
const btrfs = { name: "btrfsSnapshot", make: btrfsSnapshot.make };
const reflink = { name: "reflinkEngine", make: reflinkEngine };

testEngine({ ...copy, disks: ["ext4", "xfs", "btrfs", "btrfs (subvolume)", "tmpfs"] });
testEngine({ ...copy, disks: ["overlay", "juicefs"], withFfi: true });
testEngine({ ...reflink, disks: ["xfs", "btrfs", "btrfs (subvolume)"] });
testEngine({ ...btrfs, disks: ["btrfs (subvolume)"] });

testFullDisk(copy, "ext4");
testFullDisk(copy, "tmpfs");
testWrongDisk(reflink, "ext4");
testPoorerDisk(copy, "xfs", "ext4");
testPoorDisks(copy);
testSlices(copy);
testMappedStores(copy, "ext4");
testMappedStores(reflink, "xfs");
testMappedStores(btrfs, "btrfs");
