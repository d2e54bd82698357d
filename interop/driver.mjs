// Runs the official TypeScript packages on behalf of the Go tests: it reads one JSON request a line from
// standard input and answers each with one JSON line. Bytes travel as base64. Nothing here computes
// anything itself; where a request asks for a fact, one of the packages states it.
import { createInterface } from 'node:readline';
import { fromBase64, toBase64 } from '@mysten/bcs';
import { bls12381_min_pk_verify_aggregate } from '@mysten/walrus-wasm';
// The package exports its storage-node client to its own client alone, so these are named by file.
import { StorageNodeClient } from './node_modules/@mysten/walrus/dist/storage-node/client.mjs';
import { BlobNotRegisteredError } from './node_modules/@mysten/walrus/dist/storage-node/error.mjs';
import { BlobMetadata, IntentType, SliverData, StorageConfirmation } from './node_modules/@mysten/walrus/dist/utils/bcs.mjs';
import { toPairIndex, toShardIndex } from './node_modules/@mysten/walrus/dist/utils/index.mjs';
import { retry } from './node_modules/@mysten/walrus/dist/utils/retry.mjs';
import { getWasmBindings } from './node_modules/@mysten/walrus/dist/wasm.mjs';

const wasm = await getWasmBindings();
const storage = new StorageNodeClient({ timeout: 60_000 });

// encode returns everything the official encoder makes of a blob, in canonical bytes.
function encode({ shards, blob }) {
	const e = wasm.encodeBlob(shards, fromBase64(blob));
	return {
		blobId: e.blobId,
		rootHash: toBase64(e.rootHash),
		metadata: BlobMetadata.serialize(e.metadata).toBase64(),
		primary: e.primarySlivers.map(toBase64),
		secondary: e.secondarySlivers.map(toBase64),
	};
}

// identify returns the blob ID alone, which the packages compute on a path of its own.
function identify({ shards, blob }) {
	const m = wasm.computeMetadata(shards, fromBase64(blob));
	return { blobId: m.blobId, rootHash: toBase64(m.rootHash), size: Number(m.unencodedLength) };
}

// decode brings a blob back from primary slivers in canonical bytes.
function decode({ shards, blobId, size, slivers }) {
	return { blob: toBase64(wasm.decodePrimarySlivers(blobId, shards, size, slivers.map(fromBase64))) };
}

// shardOf and pairOf are the packages' own rotation between sliver pairs and shards.
function rotate({ shards, blobId }) {
	return { shardOf: Array.from({ length: shards }, (_, pair) => toShardIndex(pair, blobId, shards)) };
}

// upload writes metadata and slivers of a blob to one node, for each of its shards. As the packages do, it
// tries again while the node has not heard of the registration, unless told not to.
async function upload({ node, shards, blobId, metadata, primary, secondary, once }) {
	const options = { nodeUrl: node.url };
	await retry(() => storage.storeBlobMetadata({ blobId, metadata: fromBase64(metadata) }, options), {
		count: once ? 1 : 3,
		delay: 1000,
		condition: (error) => error instanceof BlobNotRegisteredError,
	});
	for (const shard of node.shards) {
		const sliverPairIndex = toPairIndex(shard, blobId, shards);
		const pair = { primary: primary[sliverPairIndex], secondary: secondary[sliverPairIndex] };
		for (const sliverType of ['primary', 'secondary']) {
			await storage.storeSliver({ blobId, sliverPairIndex, sliverType, sliver: fromBase64(pair[sliverType]) }, options);
		}
	}
	return {};
}

// confirm asks one node for its confirmation and checks it as the packages do: the message must be the
// one they serialize themselves, and the signature must verify under the node's key from the chain.
async function confirm({ node, epoch, blobId, object }) {
	const options = { nodeUrl: node.url };
	const response = object
		? await storage.getDeletableBlobConfirmation({ blobId, objectId: object }, options)
		: await storage.getPermanentBlobConfirmation({ blobId }, options);
	const signed = response.success.data.signed;
	const want = StorageConfirmation.serialize({
		intent: IntentType.BLOB_CERT_MSG,
		epoch,
		messageContents: { blobId, blobType: object ? { Deletable: { objectId: object } } : { Permanent: null } },
	}).toBase64();
	return {
		sameMessage: signed.serializedMessage === want,
		verified: wasm.getVerifySignature()(signed, fromBase64(node.key)),
		serializedMessage: signed.serializedMessage,
		signature: signed.signature,
	};
}

// aggregate joins confirmations into a certificate.
function aggregate({ confirmations, signers, keys }) {
	const c = wasm.combineSignatures(confirmations, signers);
	return {
		message: toBase64(c.serializedMessage),
		signature: toBase64(c.signature),
		verified: bls12381_min_pk_verify_aggregate(
			keys.map((key) => Array.from(fromBase64(key))), c.serializedMessage, c.signature),
	};
}

// read fetches metadata and every sliver of one node, with their statuses, parsed and back in bytes.
async function read({ node, shards, blobId }) {
	const options = { nodeUrl: node.url };
	const metadata = await storage.getBlobMetadata({ blobId }, options);
	const slivers = [];
	for (const shard of node.shards) {
		const sliverPairIndex = toPairIndex(shard, blobId, shards);
		for (const sliverType of ['primary', 'secondary']) {
			const sliver = await storage.getSliver({ blobId, sliverPairIndex, sliverType }, options);
			slivers.push({
				pair: sliverPairIndex,
				type: sliverType,
				index: SliverData.parse(sliver).index,
				sliver: toBase64(sliver),
				status: await storage.getSliverStatus({ blobId, sliverPairIndex, sliverType }, options),
			});
		}
	}
	return {
		blobId: metadata.blobId,
		metadata: BlobMetadata.serialize(metadata.metadata).toBase64(),
		metadataStatus: await storage.getMetadataStatus({ blobId }, options),
		status: await storage.getBlobStatus({ blobId }, options),
		slivers,
	};
}

const operations = { encode, identify, decode, rotate, upload, confirm, aggregate, read };

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
	let answer;
	try {
		const { op, ...request } = JSON.parse(line);
		answer = { result: await operations[op](request) };
	} catch (error) {
		// What the packages make of a node's error is part of what is tested.
		answer = { error: { name: error.constructor.name, message: String(error.cause ?? error.message ?? error), status: error.status } };
	}
	process.stdout.write(JSON.stringify(answer) + '\n');
}
