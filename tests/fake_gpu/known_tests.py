"""The tests of the suite that do not pass with the fake GPU as the default device, by reason. One that comes to pass must leave.

A test is named by the end of its file's path and its function; all that it is parametrized with are meant, unless one is named.
"""

_REASONS = {
    "it expects the text, the device or the types of tensors on a CPU": """
        _program/test_stores.py::test_rows_that_are_joined_are_written_in_parts_and_read_from_there
        _state/test_backing.py::test_the_value_carries_no_tape_and_follows_what_is_done_to_the_parameters
        transform/_compile/test_cost.py::test_a_cpu_has_no_cuda_graphs
        transform/_compile/test_program_code.py::test_states_and_constants_are_arguments_and_written_ones_results
        transform/_compile/test_program_passes.py::test_all_together
        transform/_watch/test_checkify.py::test_lanes_and_loops
        transform/_watch/test_error_if.py::test_one_lane_is_enough_and_all_are_shown
        units/test_habits.py::test_format_specifications
        units/test_quantity.py::test_repr_is_compact
        units/test_quantity.py::test_attributes_of_tensors
        unit/test_environ.py::test_platform_is_the_default_device_of_torch
        unit/test_environ.py::test_platform_gpu_raises_where_torch_finds_none
        convolution/test_conv.py::test_conv_does_not_copy_for_the_layout
        module/test_home.py::test_a_change_of_dtype_is_no_move
        port/test_compat.py::test_a_function_of_shards_runs_on_a_mesh_of_one_process
        port/test_hook.py::test_a_program_runs_untouched
        laws/test_memory.py::test_what_was_exported_before_the_assignment_does_not_reach_a_state[numpy from_dlpack]
    """,
    "it makes tensors, generators or threads on the CPU besides those of the default device": """
        _program/test_loop.py::test_it_is_the_python_loop
        _program/test_loop.py::test_machine_code_is_the_python_loop
        random/test_draw_operation.py::test_it_draws_what_torch_draws_and_hands_the_state_on
        random/test_draw_operation.py::test_the_same_state_draws_the_same_again
        random/test_draw_operation.py::test_recorded_it_is_one_node_that_draws_at_each_run
        random/test_draw_operation.py::test_a_draw_has_no_derivative
        random/test_draw_operation.py::test_lanes_draw_as_the_map_says
        random/test_draw_operation.py::test_lanes_may_have_parameters_of_their_own
        random/test_generators.py::test_generators_go_back_to_a_state
        random/test_generators.py::test_states_of_several_generators_are_held_by_one_tensor
        random/test_generators.py::test_workspace_loads_a_state_that_it_does_not_stand_at
        random/test_state.py::test_streams_are_the_same_in_every_thread
        transform/_compile/test_jit.py::test_threads_record_and_run_the_same_function
        module/test_habits.py::test_a_model_is_made_on_the_meta_device_and_filled_later
        habits/test_tools.py::test_habit[tools: a graph of nir becomes a model]
    """,
    "within a call that torch hands to the mode of the default device, such as a backward pass, that mode is off": """
        transform/_derivative/test_reverse.py::test_states_can_be_read_and_gradients_taken_in_the_backward_pass
        units/test_number.py::test_torch_function_takes_a_ratio
        units/test_number.py::test_angle_without_axes_is_taken
        units/test_dispatch.py::test_numbers_become_tensors_where_torch_wants_them
    """,
    "on a GPU all branches run, so that the choice is not looked at": """
        _program/test_branch.py::test_the_others_are_not_compiled_before_they_are_needed
        transform/_compile/test_cost.py::test_waits_for_numbers
    """,
    "on a GPU writes that autograd does not count, such as by `.data`, are not looked for: the host would wait": """
        _state/test_writes.py::test_a_write_is_found
        laws/test_memory.py::test_outside_of_transforms_no_write_reaches_a_state
        laws/test_memory.py::test_inside_a_transform_a_write_is_refused_or_changes_no_state
    """,
    "on a GPU tensors that parametrize a draw are not checked: the host would wait": """
        _program/test_effect.py::test_a_program_tells_a_probability_that_is_none
        random/test_arguments.py::test_check_raises_in_every_lane_and_says_nothing_in_a_traced_graph
        random/test_distributions.py::test_wrong_parameters_raise
        random/test_rejection.py::test_numbers_that_have_no_integer_for_an_answer_are_refused
    """,
    "the device lets tests convert tensors to numpy": """
        transform/_compile/test_jit.py::test_code_that_needs_a_number_is_told_where_and_what_to_do
        transform/_compile/test_jit.py::test_what_needs_numbers_is_told_the_cure_that_suits_it
        transform/_mapping/test_concrete.py::test_code_that_needs_one_number_in_lanes_is_told_the_place_and_the_cure
        transform/_derivative/test_lost.py::test_numbers_that_leave_torch_are_refused
        _host/test_storage.py::test_a_write_that_torch_does_not_know_reaches_one_half_alone
    """,
    "it compiles, for which the device needs Triton": """
        _program/test_branch.py::test_lanes_may_share_or_differ_in_the_choice
        _program/test_branch.py::test_results_that_no_mapped_operand_reaches_are_not_mapped
        _program/test_invariant.py::test_random_numbers_differ_from_step_to_step
        laws/test_compiled_numbers.py::test_functions_of_a_number
        laws/test_compiled_numbers.py::test_functions_of_two_numbers
        laws/test_compiled_numbers.py::test_functions_of_integers
        laws/test_compiled_numbers.py::test_neighbours_of_16_bit_numbers
        laws/test_compiled_numbers.py::test_numbers_near_zero_keep_their_digits
        transform/_core/test_frozen.py::test_functions_within_transforms_are_frozen
        module/test_habits.py::test_the_whole_graph_of_a_model_is_compiled_and_trained
        module/test_habits.py::test_each_class_of_models_has_its_own_share_of_the_programs_of_torch_compile
    """,
    "the device lacks what it needs: cuDNN, fused cells, quantized kernels, memory that processes share, scatter, streams and events": """
        metric/test_firing.py::test_losses_of_sequences_compile_and_agree_with_torch
        random/test_default.py::test_workers_of_a_data_loader_draw_different_numbers
        module/test_adopted.py::test_recurrent_layers
        module/test_habits.py::test_torch_layers_inside_are_quantized
        module/test_training_loop.py::test_data_parallel_trains
        recurrent/test_lstm.py::test_a_step_of_lstm_is_torchs_with_the_gates_in_another_order
        habits/test_processes.py::test_habit[distributed: fully shard of a model]
        habits/test_processes.py::test_habit[distributed: fully shard of layers]
        habits/test_saving.py::test_habit[saving: distributed checkpoint of a model]
        habits/test_saving.py::test_habit[saving: distributed checkpoint with units]
        habits/test_utilities.py::test_habit[utilities: data parallel]
        habits/test_utilities.py::test_habit[utilities: dynamic quantization of layers of torch inside]
        units/test_rules.py::test_rule_gives_the_numbers_of_si_units[torch.histogram]
        units/test_rules.py::test_rule_gives_the_numbers_of_si_units[Tensor.histogram]
        units/test_dispatch.py::test_functions_whose_units_depend_on_the_arguments
    """,
}
KNOWN_TESTS = {name.strip(): reason for reason, names in _REASONS.items() for name in names.strip().splitlines()}
