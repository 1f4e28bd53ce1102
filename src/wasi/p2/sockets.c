// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sockets.c: wasi:sockets, of which nothing is granted yet: making a socket and looking up a name is access-denied, so
// that programs that import it, used or not, start and are answered. There never is a socket to do anything with.
#include "wasi/p2/host.h"

// Of any result whose error is a socket's.
#define DENIED(result)                                                                                                 \
  ((result)->is_error = true, (result)->as.error = WASI_SOCKETS_NETWORK_ERROR_CODE_ACCESS_DENIED, COVE_HOST_OK)

typedef p2_result_tuple3_wasi_sockets_tcp_tcp_socket_wasi_io_streams_input_stream_wasi_io_streams_output_stream_wasi_sockets_network_error_code
    accept_result;
typedef wasi_sockets_network_ip_socket_address address;
typedef p2_result_wasi_sockets_network_ip_socket_address_wasi_sockets_network_error_code address_result;
typedef p2_result_bool_wasi_sockets_network_error_code bool_result;
typedef p2_result_tuple2_wasi_io_streams_input_stream_wasi_io_streams_output_stream_wasi_sockets_network_error_code
    connect_result;
typedef p2_result_tuple2_wasi_sockets_udp_incoming_datagram_stream_wasi_sockets_udp_outgoing_datagram_stream_wasi_sockets_network_error_code
    datagrams_result;
typedef p2_result_wasi_clocks_monotonic_clock_duration_wasi_sockets_network_error_code duration_result;
typedef wasi_sockets_network_ip_address_family family;
typedef wasi_sockets_network_network network_;
typedef wasi_io_poll_pollable pollable;
typedef p2_result_u32_wasi_sockets_network_error_code u32_result;
typedef p2_result_u64_wasi_sockets_network_error_code u64_result;
typedef p2_result_u8_wasi_sockets_network_error_code u8_result;
typedef p2_result_void_wasi_sockets_network_error_code void_result;

// ---- what answers ----

struct wasi_sockets_network_network {
  char none;
};

cove_host_result wasi_sockets_instance_network_instance_network(void *host, cove_call *call, network_ **result) {
  static network_ only;
  *result = &only;
  return COVE_HOST_OK;
}

void wasi_sockets_network_network_drop(void *host, network_ *self) {
  cv_p2_trace_drop(host, &wasi_sockets_network_network_resource, self); // there for ever
}

cove_host_result wasi_sockets_network_network_error_code(void *host, cove_call *call, wasi_io_error_error *err,
                                                         p2_option_wasi_sockets_network_error_code *result) {
  result->has = false; // no error of a stream is one of a socket
  return COVE_HOST_OK;
}

cove_host_result wasi_sockets_tcp_create_socket_create_tcp_socket(
    void *host, cove_call *call, family address_family,
    p2_result_wasi_sockets_tcp_tcp_socket_wasi_sockets_network_error_code *result) {
  cv_wasi_refuse_other(((cv_p2 *)host)->w, "", "make a TCP socket: a component has no network yet");
  return DENIED(result);
}

cove_host_result wasi_sockets_udp_create_socket_create_udp_socket(
    void *host, cove_call *call, family address_family,
    p2_result_wasi_sockets_udp_udp_socket_wasi_sockets_network_error_code *result) {
  cv_wasi_refuse_other(((cv_p2 *)host)->w, "", "make a UDP socket: a component has no network yet");
  return DENIED(result);
}

cove_host_result wasi_sockets_ip_name_lookup_resolve_addresses(
    void *host, cove_call *call, network_ *network, cove_string name,
    p2_result_wasi_sockets_ip_name_lookup_resolve_address_stream_wasi_sockets_network_error_code *result) {
  cv_wasi_refuse_other(((cv_p2 *)host)->w, "", "look up \"%.*s\": a component has no network yet",
                       (int)CV_MIN(name.size, 200u), name.data);
  return DENIED(result);
}

// ---- what nothing can be asked of ----

#define NEVER(type, name, ...)                                                                                         \
  cove_host_result type##_##name(void *host, cove_call *call, type *self, __VA_ARGS__) {                               \
    return cove_call_trap(call, "there is no socket");                                                                 \
  }
#define NO_DROP(type)                                                                                                  \
  void type##_drop(void *host, type *self) {                                                                           \
    (void)host, (void)self;                                                                                            \
  }

// What sockets of both kinds have.
#define BOTH(X)                                                                                                        \
  X(start_bind, network_ *network, const address *local_address, void_result *result)                                  \
  X(finish_bind, void_result *result)                                                                                  \
  X(local_address, address_result *result)                                                                             \
  X(remote_address, address_result *result)                                                                            \
  X(address_family, family *result)                                                                                    \
  X(receive_buffer_size, u64_result *result)                                                                           \
  X(set_receive_buffer_size, uint64_t value, void_result *result)                                                      \
  X(send_buffer_size, u64_result *result)                                                                              \
  X(set_send_buffer_size, uint64_t value, void_result *result)                                                         \
  X(subscribe, pollable **result)

#define TCP(name, ...) NEVER(wasi_sockets_tcp_tcp_socket, name, __VA_ARGS__)
NO_DROP(wasi_sockets_tcp_tcp_socket)
BOTH(TCP)
TCP(start_connect, network_ *network, const address *remote_address, void_result *result)
TCP(finish_connect, connect_result *result)
TCP(start_listen, void_result *result)
TCP(finish_listen, void_result *result)
TCP(accept, accept_result *result)
TCP(is_listening, bool *result)
TCP(set_listen_backlog_size, uint64_t value, void_result *result)
TCP(keep_alive_enabled, bool_result *result)
TCP(set_keep_alive_enabled, bool value, void_result *result)
TCP(keep_alive_idle_time, duration_result *result)
TCP(set_keep_alive_idle_time, uint64_t value, void_result *result)
TCP(keep_alive_interval, duration_result *result)
TCP(set_keep_alive_interval, uint64_t value, void_result *result)
TCP(keep_alive_count, u32_result *result)
TCP(set_keep_alive_count, uint32_t value, void_result *result)
TCP(hop_limit, u8_result *result)
TCP(set_hop_limit, uint8_t value, void_result *result)
TCP(shutdown, wasi_sockets_tcp_shutdown_type shutdown_type, void_result *result)
#undef TCP

#define UDP(name, ...) NEVER(wasi_sockets_udp_udp_socket, name, __VA_ARGS__)
NO_DROP(wasi_sockets_udp_udp_socket)
BOTH(UDP)
UDP(stream, const p2_option_wasi_sockets_network_ip_socket_address *remote_address, datagrams_result *result)
UDP(unicast_hop_limit, u8_result *result)
UDP(set_unicast_hop_limit, uint8_t value, void_result *result)
#undef UDP
#undef BOTH

#define INCOMING(name, ...) NEVER(wasi_sockets_udp_incoming_datagram_stream, name, __VA_ARGS__)
NO_DROP(wasi_sockets_udp_incoming_datagram_stream)
INCOMING(receive, uint64_t max_results,
         p2_result_list_wasi_sockets_udp_incoming_datagram_wasi_sockets_network_error_code *result)
INCOMING(subscribe, pollable **result)
#undef INCOMING

#define OUTGOING(name, ...) NEVER(wasi_sockets_udp_outgoing_datagram_stream, name, __VA_ARGS__)
NO_DROP(wasi_sockets_udp_outgoing_datagram_stream)
OUTGOING(check_send, u64_result *result)
OUTGOING(send, const p2_list_wasi_sockets_udp_outgoing_datagram *datagrams, u64_result *result)
OUTGOING(subscribe, pollable **result)
#undef OUTGOING

#define LOOK_UP(name, ...) NEVER(wasi_sockets_ip_name_lookup_resolve_address_stream, name, __VA_ARGS__)
NO_DROP(wasi_sockets_ip_name_lookup_resolve_address_stream)
LOOK_UP(resolve_next_address, p2_result_option_wasi_sockets_network_ip_address_wasi_sockets_network_error_code *result)
LOOK_UP(subscribe, pollable **result)
#undef LOOK_UP
