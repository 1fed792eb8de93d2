//go:build unix

package redisstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/redisstore"
)

// startCluster runs three masters that share all slots.
func startCluster(t *testing.T) []*server {
	t.Helper()
	const nodes, slots = 3, 16384
	var all []*server
	for i := range nodes {
		srv := startServer(t, "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", "2000",
			"--cluster-port", fmt.Sprint(port(t, freeAddr(t))))
		c := redis.NewClient(&redis.Options{Addr: srv.addr})
		require.NoError(t, c.ClusterAddSlotsRange(t.Context(), i*slots/nodes, (i+1)*slots/nodes-1).Err())
		require.NoError(t, c.Do(t.Context(), "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err())
		for _, other := range all {
			require.NoError(t, c.Do(t.Context(), "CLUSTER", "MEET", "127.0.0.1", port(t, other.addr), busPort(t, other)).Err())
		}
		require.NoError(t, c.Close())
		all = append(all, srv)
	}
	for _, srv := range all {
		c := redis.NewClient(&redis.Options{Addr: srv.addr})
		require.Eventually(t, func() bool {
			info, err := c.ClusterInfo(context.Background()).Result()
			return err == nil && contains(info, "cluster_state:ok") && contains(info, "cluster_known_nodes:3")
		}, 20*time.Second, 50*time.Millisecond, "the nodes do not find each other")
		require.NoError(t, c.Close())
	}
	return all
}

func TestAClusterOfThreeNodesWillDo(t *testing.T) {
	nodes := startCluster(t)
	var stores []*redisstore.Store
	for range 2 {
		c := redis.NewUniversalClient(&redis.UniversalOptions{
			Addrs: []string{nodes[0].addr, nodes[1].addr, nodes[2].addr}, ContextTimeoutEnabled: true,
		})
		require.IsType(t, &redis.ClusterClient{}, c)
		t.Cleanup(func() { require.NoError(t, c.Close()) })
		stores = append(stores, redisstore.New(c, "bot:"))
	}
	one, two := stores[0], stores[1]
	for i := range 60 {
		key := fmt.Sprint("richmedia:1:group:image:", i)
		held, release, err := one.Lease(t.Context(), key, time.Minute)
		require.NoError(t, err)
		require.True(t, held)
		other, _, err := two.Lease(t.Context(), key, time.Minute)
		require.NoError(t, err)
		require.False(t, other)
		require.NoError(t, one.Set(t.Context(), key, []byte(key), time.Minute))
		release()
		want(t, two, key, key)
		require.NoError(t, two.Delete(t.Context(), key))
		other, release, err = two.Lease(t.Context(), key, time.Minute)
		require.NoError(t, err)
		require.True(t, other)
		require.NoError(t, two.Set(t.Context(), key, []byte(key), time.Minute))
		release()
	}
	for _, srv := range nodes {
		c, _ := srv.client(t)
		n, err := c.DBSize(t.Context()).Result()
		require.NoError(t, err)
		assert.Positive(t, n, "the keys are spread over all nodes")
	}
}
