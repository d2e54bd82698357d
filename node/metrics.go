package node

import "github.com/prometheus/client_golang/prometheus"

// metrics are what operators watch; names that the reference has mean the same here. Source: spec
// storage-node.md section 10.3.
type metrics struct {
	active         prometheus.Gauge
	requests       *prometheus.HistogramVec // by method, route and status
	metadataStored prometheus.Counter
	metadataRead   prometheus.Counter
	sliversStored  *prometheus.CounterVec // by axis
	sliversRead    *prometheus.CounterVec // by axis
	confirmations  prometheus.Counter
	symbols        prometheus.Counter
	symbolMisses   prometheus.Counter
	corrupt        prometheus.Counter
	derived        []prometheus.Collector // read from the node when asked for
}

func newMetrics(n *Node) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	byAxis := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{"sliver_type"})
	}
	m := &metrics{
		active: prometheus.NewGauge(prometheus.GaugeOpts{Name: "http_server_active_requests", Help: "Requests being served."}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "http_server_request_duration_seconds",
			Help:    "Time from a request's header to the end of its answer.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 4, 10),
		}, []string{"http_request_method", "http_route", "http_response_status_code"}),
		metadataStored: counter("walrus_metadata_stored_total", "Metadata made durable."),
		metadataRead:   counter("walrus_metadata_retrieved_total", "Metadata served."),
		sliversStored:  byAxis("walrus_slivers_stored_total", "Slivers made durable."),
		sliversRead:    byAxis("walrus_slivers_retrieved_total", "Slivers served."),
		confirmations:  counter("walrus_storage_confirmations_issued_total", "Confirmations signed."),
		symbols:        counter("walrus_recovery_symbol_service_requests_total", "Recovery symbols served."),
		symbolMisses:   counter("walrus_recovery_symbol_service_cache_miss_total", "Slivers expanded to serve symbols."),
		corrupt:        counter("walrus_store_corrupt_total", "Reads of stored data that was damaged."),
	}
	gauge := func(name, help string, labels prometheus.Labels, value func() float64) {
		m.derived = append(m.derived, prometheus.NewGaugeFunc(
			prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, value))
	}
	gauge("walrus_current_epoch", "Epoch of the current committee.", nil, func() float64 {
		if v := n.view.Load(); v != nil {
			return float64(v.Epoch)
		}
		return 0
	})
	gauge("walrus_shards_owned", "Shards in the current committee.", nil, func() float64 {
		if v := n.view.Load(); v != nil {
			return float64(len(v.Owned))
		}
		return 0
	})
	gauge("walrus_event_cursor_progress", "Events handled for good.", prometheus.Labels{"state": "persisted"}, func() float64 {
		cursor, _ := n.store.Cursor() // a closed store has none
		return float64(cursor)
	})
	gauge("walrus_pending_metadata_cache_entries", "Blobs whose uploads wait for registration.", nil, func() float64 {
		blobs, _, _ := n.pending.usage()
		return float64(blobs)
	})
	gauge("walrus_pending_sliver_cache_slivers", "Slivers that wait for registration.", nil, func() float64 {
		_, slivers, _ := n.pending.usage()
		return float64(slivers)
	})
	gauge("walrus_pending_sliver_cache_bytes", "Bytes of uploads that wait for registration.", nil, func() float64 {
		_, _, bytes := n.pending.usage()
		return float64(bytes)
	})
	return m
}

func (m *metrics) register(r prometheus.Registerer) error {
	all := append([]prometheus.Collector{m.active, m.requests, m.metadataStored, m.metadataRead, m.sliversStored,
		m.sliversRead, m.confirmations, m.symbols, m.symbolMisses, m.corrupt}, m.derived...)
	for _, c := range all {
		if err := r.Register(c); err != nil {
			return err
		}
	}
	return nil
}
