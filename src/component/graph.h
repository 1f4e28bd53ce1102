// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// graph.h: what is connected with what in a component, as a graph in the DOT language of Graphviz.
#ifndef COVE_COMPONENT_GRAPH_H
#define COVE_COMPONENT_GRAPH_H

#include "base/buf.h"
#include "component/component.h"

// Nodes are imports, instances of core modules and of components, and exports; an edge goes from who provides to who
// takes, under the name that it has there. Nested components are boxes around their own parts. For a validated
// component. CV_ELIMIT for absurd numbers of connections.
CV_MUST_USE cv_status cv_component_graph(const cv_component *component, cv_mem *mem, cv_buf *out, cv_diag *diag);

#endif
